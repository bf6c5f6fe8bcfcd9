# SPDX-License-Identifier: MIT
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# kin_glob(variable pattern IN place… [EXCEPT place…]): matching files below the folders, and the files named.
function(kin_glob variable pattern)
  cmake_parse_arguments(ARG "" "" "IN;EXCEPT" ${ARGN})
  set(found)
  foreach(place IN LISTS ARG_IN)
    if(place MATCHES "\\.[ch]pp$")
      list(APPEND found "${PROJECT_SOURCE_DIR}/${place}")
    else()
      file(GLOB_RECURSE files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${place}/${pattern}")
      list(APPEND found ${files})
    endif()
  endforeach()
  foreach(place IN LISTS ARG_EXCEPT)
    list(FILTER found EXCLUDE REGEX "^${PROJECT_SOURCE_DIR}/${place}(/|$)")
  endforeach()
  set(${variable} ${found} PARENT_SCOPE)
endfunction()

# What most of kin's source files include.
set(KIN_COMMON_HEADERS <algorithm> <array> <atomic> <chrono> <coroutine> <cstdint> <exception> <functional> <memory>
  <mutex> <optional> <span> <string> <string_view> <unordered_map> <utility> <vector> <fmt/format.h>)

# kin_add_library(component SOURCES place… [SOURCES_EXCEPT place…] HEADERS place… [HEADERS_EXCEPT place…])
# makes the target kin_<component>, known to users as kin::<component>, and its install rules.
function(kin_add_library component)
  cmake_parse_arguments(ARG "" "" "SOURCES;SOURCES_EXCEPT;HEADERS;HEADERS_EXCEPT" ${ARGN})
  set(target kin_${component})
  kin_glob(sources "*.cpp" IN ${ARG_SOURCES} EXCEPT ${ARG_SOURCES_EXCEPT})
  kin_glob(headers "*.hpp" IN ${ARG_HEADERS} EXCEPT ${ARG_HEADERS_EXCEPT})

  add_library(${target})
  add_library(kin::${component} ALIAS ${target})
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${component}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_sources(${target}
    PRIVATE ${sources}
    PUBLIC FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/include" FILES ${headers})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  # Boost is needed for its headers alone, so whoever uses the installed library does not need it.
  target_include_directories(${target} SYSTEM PRIVATE ${Boost_INCLUDE_DIRS})
  kin_warnings(${target})
  # A third of what a source file costs. The clang build does without, so that no file forgets what it needs.
  if(KIN_PRECOMPILE_HEADERS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_precompile_headers(${target} PRIVATE ${KIN_COMMON_HEADERS})
  endif()

  if(KIN_INSTALL)
    install(TARGETS ${target} EXPORT kin_${component} COMPONENT ${component} FILE_SET HEADERS COMPONENT ${component})
    install(EXPORT kin_${component} NAMESPACE kin:: FILE kin-${component}.cmake
      DESTINATION "${CMAKE_INSTALL_LIBDIR}/cmake/kin" COMPONENT ${component})
  endif()
endfunction()

# The package that find_package(kin COMPONENTS …) reads; the files of the components lie beside it.
function(kin_install_package)
  set(destination "${CMAKE_INSTALL_LIBDIR}/cmake/kin")
  configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/kinConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/kinConfig.cmake" INSTALL_DESTINATION "${destination}")
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/kinConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/kinConfig.cmake" "${PROJECT_BINARY_DIR}/kinConfigVersion.cmake"
    DESTINATION "${destination}" COMPONENT core)
endfunction()
