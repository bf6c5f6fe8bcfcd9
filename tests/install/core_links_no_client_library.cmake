# SPDX-License-Identifier: MIT
# The seam between core and drivers is real only while kin::core needs nothing of a database's client library.
# Usage: cmake -DNM=… -DLIBRARY=libkin_core.… -DHEADERS=include -P this file
set(client_symbols "(sqlite3_|PQ|mysql_|mongoc_|bson_)[A-Za-z0-9_]+")
set(client_headers "sqlite3\\.h|libpq|mysql|mariadb|mongoc|bson")

set(dynamic)
if(LIBRARY MATCHES "\\.so")
  set(dynamic --dynamic)
endif()
execute_process(COMMAND "${NM}" ${dynamic} --undefined-only "${LIBRARY}"
  OUTPUT_VARIABLE undefined COMMAND_ERROR_IS_FATAL ANY)
if(NOT undefined MATCHES "memcpy|operator|_Z")
  message(FATAL_ERROR "nm lists no undefined symbol of ${LIBRARY}: this test would see nothing")
endif()
string(REGEX MATCHALL " U ${client_symbols}" found "${undefined}")
if(found)
  message(FATAL_ERROR "kin::core calls a client library:${found}")
endif()

file(GLOB_RECURSE headers "${HEADERS}/*.hpp")
foreach(header IN LISTS headers)
  file(STRINGS "${header}" includes REGEX "^[ \t]*#[ \t]*include[ \t]*<(${client_headers})")
  if(includes)
    message(FATAL_ERROR "${header} includes a client library's header: ${includes}")
  endif()
endforeach()
