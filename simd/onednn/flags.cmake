# oneDNN brings its own kernels for every CPU: one object, no instruction flags.
if(C4_HAVE_ONEDNN)
  c4_backend_variant(onednn onednn LIBRARIES c4_onednn)
endif()
