# SPDX-License-Identifier: MIT
# Configures, builds and runs one consumer project. For find_package kin is first installed below SCRATCH.
file(REMOVE_RECURSE "${SCRATCH}")

function(step)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

if(WAY STREQUAL "find_package")
  step("${CMAKE_COMMAND}" --install "${KIN_BINARY_DIR}" --prefix "${SCRATCH}/prefix")
  set(where_kin_is "-DCMAKE_PREFIX_PATH=${SCRATCH}/prefix")
else()
  set(where_kin_is "-DFETCHCONTENT_SOURCE_DIR_KIN=${KIN_SOURCE_DIR}")
endif()

# The launcher is a list and has to arrive as one argument.
string(REPLACE ";" "\\;" launcher "${LAUNCHER}")
step("${CMAKE_COMMAND}" -S "${CONSUMER}" -B "${SCRATCH}/build" -G "${GENERATOR}"
  "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_COMPILER_LAUNCHER=${launcher}" "${where_kin_is}")
step("${CMAKE_COMMAND}" --build "${SCRATCH}/build")
execute_process(COMMAND "${SCRATCH}/build/library" OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
message("${output}")
if(NOT output STREQUAL "The Dispossessed by Ursula K. Le Guin\n")
  message(FATAL_ERROR "the consumer printed something else than it should")
endif()
