// SPDX-License-Identifier: MIT
// Empty: CMake compiles the precompiled header that all test targets reuse as part of this file.
