# The native bodies over plain C, for any CPU and for sanitizers.
c4_backend_variant(portable portable)
