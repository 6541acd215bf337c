# The shared library exports what kan.h declares, and nothing else.

if(NOT NM)
  message("skipped: there is no nm")
  return()
endif()
execute_process(COMMAND ${NM} -D --defined-only ${LIBRARY}
  OUTPUT_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^ \n]+\n" exported "${said}")
list(TRANSFORM exported STRIP)
list(SORT exported)

file(READ ${HEADER} header)
string(REGEX MATCHALL "KAN_API [^(;]*\\(" declared "${header}")
list(TRANSFORM declared REPLACE "^.*[ *](kan_[a-z0-9_]+)\\($" "\\1")
list(SORT declared)

list(LENGTH declared count)
if(count LESS 10 OR NOT exported STREQUAL declared)
  message(FATAL_ERROR "exported: ${exported}\ndeclared: ${declared}")
endif()
message("${count} functions: ${exported}")
