# Standard headers read once, not in each of some 700 sources.
#
# mega_precompile(<target> pure|plain|test)
#   pure   the standard library, without exceptions and RTTI
#   plain  the standard library, JSON and fmt
#   test   the same and GoogleTest, for executables
#
# No header of ours is among them, so that a change of one rebuilds what includes it and no more. Every source still
# includes what it uses: the gcc preset and `tools/lint` compile without.
option(MEGA_PRECOMPILED_HEADERS "Read the standard headers once (clang only)" ON)
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    set(MEGA_PRECOMPILED_HEADERS OFF)
endif()

set(mega_precompiled_folder ${CMAKE_CURRENT_LIST_DIR}/precompiled)

function(mega_precompiled_owner kind)
    target_link_libraries(mega_precompiled_${kind} PRIVATE mega_warnings)
    target_precompile_headers(mega_precompiled_${kind} PRIVATE ${mega_precompiled_folder}/${kind}.hpp)
endfunction()

if(MEGA_PRECOMPILED_HEADERS)
    # So that a compiler cache knows it again.
    add_compile_options("SHELL:$<$<COMPILE_LANGUAGE:CXX>:-Xclang -fno-pch-timestamp>")
    add_library(mega_precompiled_pure STATIC ${mega_precompiled_folder}/pure.cpp)
    target_compile_options(mega_precompiled_pure PRIVATE -fno-exceptions -fno-rtti)
    mega_precompiled_owner(pure)
    add_library(mega_precompiled_plain STATIC ${mega_precompiled_folder}/plain.cpp)
    mega_precompiled_owner(plain)
    if(MEGA_TESTS)
        # An executable, since those are compiled with -fPIE and libraries with -fPIC.
        add_executable(mega_precompiled_test ${mega_precompiled_folder}/test.cpp)
        target_link_libraries(mega_precompiled_test PRIVATE GTest::gtest)
        mega_precompiled_owner(test)
    endif()
endif()

function(mega_precompile target kind)
    if(MEGA_PRECOMPILED_HEADERS)
        target_precompile_headers(${target} REUSE_FROM mega_precompiled_${kind})
    endif()
endfunction()
