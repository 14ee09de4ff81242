# Compiler settings shared by every target.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

option(MEGA_TESTS "Build the unit tests" ON)
option(MEGA_BENCHMARKS "Build the benchmarks" OFF)
option(MEGA_FAULT_INJECTION "Build mega_faulty, the test program with --inject-fault" ${MEGA_TESTS})
option(MEGA_FUZZERS "Build the libFuzzer targets (clang only)" OFF)
set(MEGA_SANITIZE "" CACHE STRING "Sanitizers, for example address,undefined or thread")

# The lowest CPU a build runs on. Wider vector units are used through run-time dispatch, never through this.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    set(MEGA_ARCH "x86-64-v3" CACHE STRING "Value of -march")
else()
    set(MEGA_ARCH "" CACHE STRING "Value of -march")
endif()
if(MEGA_ARCH)
    add_compile_options(-march=${MEGA_ARCH})
endif()

find_program(MEGA_CCACHE ccache)
if(MEGA_CCACHE)
    set(CMAKE_C_COMPILER_LAUNCHER ${MEGA_CCACHE})
    # Sources may not name __TIME__ and the like, which precompiled headers hide from it.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${MEGA_CCACHE})
endif()
find_program(MEGA_LLD NAMES ld.lld-19 ld.lld)
if(MEGA_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_link_options(--ld-path=${MEGA_LLD})
endif()

if(MEGA_SANITIZE)
    add_compile_options(-fsanitize=${MEGA_SANITIZE} -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${MEGA_SANITIZE})
    if(MEGA_SANITIZE MATCHES "undefined")
        # vptr checks need the RTTI that the pure libraries are built without.
        add_compile_options(-fno-sanitize-recover=undefined -fno-sanitize=vptr)
    endif()
endif()

if(MEGA_FUZZERS)
    # Coverage of the libraries, not of the fuzzers' own few lines, is what guides libFuzzer.
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Warnings are errors in our own code on both compilers.
add_library(mega_warnings INTERFACE)
target_compile_options(mega_warnings INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
    -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 reports false positives of these families when it inlines standard containers.
    target_compile_options(mega_warnings INTERFACE
        $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict -Wno-array-bounds -Wno-stringop-overflow
        -Wno-stringop-overread -Wno-maybe-uninitialized -Wno-dangling-pointer -Wno-free-nonheap-object>)
endif()
