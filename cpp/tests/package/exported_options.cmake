# Whoever links the library gets the language standard and nothing else: no option, no definition; and
# nothing in the package names the place where it was built.

file(GLOB files ${CMAKE_DIR}/*.cmake ${PKGCONFIG_DIR}/*.pc)
if(NOT EXISTS ${CMAKE_DIR}/kanTargets.cmake OR NOT EXISTS ${PKGCONFIG_DIR}/kan.pc)
  message(FATAL_ERROR "the package is not in ${CMAKE_DIR} and ${PKGCONFIG_DIR}")
endif()

foreach(file IN LISTS files)
  file(READ ${file} text)
  foreach(forbidden IN ITEMS INTERFACE_COMPILE_OPTIONS INTERFACE_COMPILE_DEFINITIONS
                             INTERFACE_LINK_OPTIONS ${BUILD} ${SOURCE})
    string(FIND "${text}" "${forbidden}" place)
    if(NOT place EQUAL -1)
      message(FATAL_ERROR "${file} has ${forbidden}")
    endif()
  endforeach()
  if(file MATCHES "\\.pc$" AND NOT text MATCHES "\nCflags: -I\\\${includedir}\n")
    message(FATAL_ERROR "${file} has other flags for compilers than where the headers are:\n${text}")
  endif()
  string(REGEX MATCHALL "INTERFACE_COMPILE_FEATURES \"[^\"]*\"" features "${text}")
  list(APPEND all_features ${features})
endforeach()
if(NOT all_features STREQUAL "INTERFACE_COMPILE_FEATURES \"cxx_std_17\"")
  message(FATAL_ERROR "the exported features are ${all_features}")
endif()
