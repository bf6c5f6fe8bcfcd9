# SPDX-License-Identifier: MIT
include(GoogleTest)

# kin_add_test_headers(name header…): headers that tests are compiled with, compiled once.
function(kin_add_test_headers name)
  add_library(${name} OBJECT "${PROJECT_SOURCE_DIR}/tests/precompiled.cpp")
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_link_libraries(${name} PUBLIC GTest::gmock GTest::gtest Threads::Threads)
  target_precompile_headers(${name} PRIVATE ${ARGN})
  # Clang would write the time into the compiled header, and ccache would never find it again.
  target_compile_options(${name} PRIVATE "$<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>")
  kin_warnings(${name})
endfunction()

# GoogleTest is most of what a test file costs to compile.
kin_add_test_headers(kin_test_headers <gmock/gmock.h> <gtest/gtest.h>)
# Tests on databases see kin as its users do.
kin_add_test_headers(kin_db_test_headers <gmock/gmock.h> <gtest/gtest.h> <kin/kin.hpp>)
target_link_libraries(kin_db_test_headers PRIVATE kin::core)

# kin_add_test_executable(name sources… LIBS libraries… [HEADERS_OF target])
# Tests may look into src/, and include each other's helpers by their path below tests/.
function(kin_add_test_executable name)
  cmake_parse_arguments(ARG "" "HEADERS_OF" "LIBS" ${ARGN})
  if(NOT ARG_HEADERS_OF)
    set(ARG_HEADERS_OF kin_test_headers)
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
  target_include_directories(${name} SYSTEM PRIVATE ${Boost_INCLUDE_DIRS})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} fmt::fmt GTest::gmock GTest::gtest GTest::gmock_main)
  target_precompile_headers(${name} REUSE_FROM ${ARG_HEADERS_OF})
  kin_warnings(${name})
endfunction()

# kin_add_test(name sources… LIBS libraries…): an executable, whose tests ctest knows as <name>/Suite.Test.
function(kin_add_test name)
  kin_add_test_executable(${ARGV})
  gtest_discover_tests(${name}
    TEST_PREFIX "${KIN_TEST_PREFIX}${name}/"
    WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}"
    DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 120 LABELS ${name})
endfunction()

# kin_add_database_tests(name database shards): the tests of an executable that run on this database, in as many
# processes as there are shards: one for each test would cost more than the tests. Without its server they are skipped.
function(kin_add_database_tests name database shards)
  math(EXPR last "${shards} - 1")
  foreach(shard RANGE ${last})
    set(test "${KIN_TEST_PREFIX}${name}/${database}")
    if(shards GREATER 1)
      string(APPEND test "/${shard}")
    endif()
    add_test(NAME "${test}"
      COMMAND Python3::Interpreter "${PROJECT_SOURCE_DIR}/tests/db/run.py" $<TARGET_FILE:${name}> ${database}
        "${CMAKE_CURRENT_BINARY_DIR}/results")
    set_tests_properties("${test}" PROPERTIES TIMEOUT 900 LABELS ${name} SKIP_RETURN_CODE 77
      ENVIRONMENT "GTEST_TOTAL_SHARDS=${shards};GTEST_SHARD_INDEX=${shard}")
  endforeach()
endfunction()
