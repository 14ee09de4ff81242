# Third-party code: Debian packages, and the C sources of blst and c-kzg from the npm package c-kzg.
# docs/dependencies.md says why each is here.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(RocksDB REQUIRED)
find_package(spdlog REQUIRED)
find_package(fmt REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Boost 1.81 REQUIRED)
pkg_check_modules(secp256k1 REQUIRED IMPORTED_TARGET libsecp256k1)
pkg_check_modules(libzstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(gmp REQUIRED IMPORTED_TARGET gmp)
if(MEGA_TESTS)
    find_package(GTest REQUIRED)
endif()
if(MEGA_BENCHMARKS)
    find_package(benchmark REQUIRED)
endif()

set(ckzg_root ${CMAKE_SOURCE_DIR}/node_modules/c-kzg)
if(NOT EXISTS ${ckzg_root})
    message(FATAL_ERROR "node_modules/c-kzg is missing: run `npm ci --ignore-scripts` (or `make build`, which does)")
endif()

# blst (BLS12-381) and c-kzg, compiled from the sources inside the npm package.
add_library(mega_ckzg STATIC
    ${ckzg_root}/deps/blst/src/server.c
    ${ckzg_root}/deps/blst/build/assembly.S
    ${ckzg_root}/deps/c-kzg/ckzg.c)
target_include_directories(mega_ckzg SYSTEM PUBLIC ${ckzg_root}/deps/blst/bindings ${ckzg_root}/deps/c-kzg)
target_compile_definitions(mega_ckzg PRIVATE __BLST_PORTABLE__)
target_compile_options(mega_ckzg PRIVATE -w -O2)
