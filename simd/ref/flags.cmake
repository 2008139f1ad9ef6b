# The oracle, four times: float and double, for any CPU and with FMA instructions (an fmaf costs
# 0.04 ns vectorised and 2.4 ns through libm). All float objects give the same bits.
c4_backend_variant(ref ref DEFINES C4_REF_SUFFIX=_ref)
c4_backend_variant(ref ref64 DEFINES C4_REF_SUFFIX=_ref64 C4_REF_DOUBLE=1)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  c4_backend_variant(ref ref_fma FLAGS -mavx2 -mfma DEFINES C4_REF_SUFFIX=_ref_fma)
  c4_backend_variant(ref ref64_fma FLAGS -mavx2 -mfma
    DEFINES C4_REF_SUFFIX=_ref64_fma C4_REF_DOUBLE=1)
endif()
