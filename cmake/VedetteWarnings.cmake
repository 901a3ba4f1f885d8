# One target carries the warning set, the hardening and the sanitizers of every target in the project.
add_library(vedette_options INTERFACE)

target_compile_options(vedette_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror
  -Wshadow              # a shadowed name has hidden a check before
  -Wconversion          # sizes from the wire are narrowed only where it is written
  -Wsign-conversion     # an unsigned compared with < 0 is a dead check
  -Wnon-virtual-dtor -Woverloaded-virtual
  -Wold-style-cast      # every cast is searchable
  -Wnull-dereference -Wformat=2 -Wundef
  -Wswitch-enum         # a new enumerator must be considered everywhere
  -fstack-protector-strong)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(vedette_options INTERFACE
    -Wduplicated-cond -Wlogical-op)
  # g++ 12 reports false positives for inlined std::string and std::vector at -O2.
  target_compile_options(vedette_options INTERFACE
    -Wno-restrict -Wno-null-dereference -Wno-stringop-overread -Wno-array-bounds -Wno-stringop-overflow)
endif()

if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(vedette_options INTERFACE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS)
endif()
target_link_options(vedette_options INTERFACE -Wl,-z,relro,-z,now)

find_program(VEDETTE_MOLD mold)
if(VEDETTE_MOLD)
  target_link_options(vedette_options INTERFACE -fuse-ld=mold)
endif()

if(VEDETTE_SANITIZE)
  target_compile_options(vedette_options INTERFACE
    -fsanitize=${VEDETTE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(vedette_options INTERFACE -fsanitize=${VEDETTE_SANITIZE})
endif()
if(VEDETTE_FUZZ)
  target_compile_options(vedette_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
