# SPDX-License-Identifier: MIT
# A sanitizer must see every object file, so it is set for the whole build and not for single targets.
if(KIN_SANITIZE)
  add_compile_options(-fsanitize=${KIN_SANITIZE} -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KIN_SANITIZE})
endif()
