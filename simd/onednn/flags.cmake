# oneDNN brings its own kernels for every CPU: one object, no instruction flags.
if(C4_HAVE_ONEDNN)
  c4_backend_variant(onednn onednn LIBRARIES c4_onednn)
  # Its exceptions are caught where C++ is enabled, which Google Benchmark's bridge needs as well.
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(CXX IN_LIST languages)
    target_sources(c4_simd_onednn PRIVATE ${PROJECT_SOURCE_DIR}/simd/onednn/calls.cc)
    target_compile_definitions(c4_simd_onednn PRIVATE C4_DNN_GUARDED=1)
    target_link_libraries(c4_simd_onednn PUBLIC stdc++)
  endif()
endif()
