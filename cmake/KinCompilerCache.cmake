# SPDX-License-Identifier: MIT
# Builds through ccache where it is present and nobody chose another launcher.
if(PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(KIN_CCACHE ccache)
  if(KIN_CCACHE)
    # Without these two ccache refuses every file that uses a precompiled header.
    set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${KIN_CCACHE})
  endif()
endif()
