# Third-party libraries, each named once. The layer rules say who may use which.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(GTest REQUIRED)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(TSS2 REQUIRED IMPORTED_TARGET tss2-esys tss2-tctildr tss2-mu tss2-rc)
# The C interface of PKCS#11 alone: headers, nothing is linked.
pkg_check_modules(P11KIT_HEADERS REQUIRED p11-kit-1)
add_library(PkgConfig::P11KIT INTERFACE IMPORTED)
target_include_directories(PkgConfig::P11KIT SYSTEM INTERFACE ${P11KIT_HEADERS_INCLUDE_DIRS})
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)

set(VEDETTE_ORT_LIBRARY ${ONNXRUNTIME_ROOT}/lib/libonnxruntime.so.1)
if(NOT EXISTS ${VEDETTE_ORT_LIBRARY})
  message(FATAL_ERROR "ONNX Runtime is not under ${ONNXRUNTIME_ROOT}. Run './dev setup', or pass "
                      "-DONNXRUNTIME_ROOT=<folder with include/ and lib/>.")
endif()
add_library(onnxruntime SHARED IMPORTED)
set_target_properties(onnxruntime PROPERTIES
  IMPORTED_LOCATION ${VEDETTE_ORT_LIBRARY}
  INTERFACE_INCLUDE_DIRECTORIES ${ONNXRUNTIME_ROOT}/include)
