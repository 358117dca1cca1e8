# A program that contains the C library too. Nothing is loaded when it starts, and the system makes
# all the pages that it relocates in one call: for a short command that is most of the time that
# passes before main. It stays position-independent, with its relocated data read-only.
include(CheckCXXSourceCompiles)

# hotline_can_be_whole(OUT): whether this compiler and C library can make such a program.
function(hotline_can_be_whole out)
  set(${out} OFF PARENT_SCOPE)
  get_property(lacking GLOBAL PROPERTY HOTLINE_LACKS_ARCHIVE)
  if(lacking OR NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
    return()
  endif()
  set(CMAKE_REQUIRED_LINK_OPTIONS -static-pie -Wl,-z,pack-relative-relocs)
  check_cxx_source_compiles("#include <nss.h>
                             static_assert(__pie__ > 0);
                             int main() { return __nss_configure_lookup(\"hosts\", \"files\"); }"
                            HOTLINE_LINKS_WHOLE)
  set(${out} ${HOTLINE_LINKS_WHOLE} PARENT_SCOPE)
endfunction()

# hotline_make_whole(TARGET)
function(hotline_make_whole target)
  set(start ${PROJECT_SOURCE_DIR}/cmake/whole_program.cc)
  target_sources(${target} PRIVATE ${start})
  # It runs before the stack has a canary.
  set_source_files_properties(${start} PROPERTIES COMPILE_OPTIONS "-fPIE;-fno-stack-protector")
  target_link_options(${target} PRIVATE -static-pie -Wl,-e,hotline_begin
                      -Wl,-z,pack-relative-relocs -Wl,--wrap=getaddrinfo -Wl,--wrap=getpwuid_r)
endfunction()
