# Without CMake: the compilers alone, with what pkg-config says.

find_program(PKG_CONFIG NAMES pkg-config pkgconf)
if(NOT PKG_CONFIG)
  message("skipped: there is no pkg-config")
  return()
endif()
set(ENV{PKG_CONFIG_PATH} ${PKGCONFIG_DIR})
separate_arguments(FLAGS)
set(definition -DEXPECTED_VERSION="${VERSION}")

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(ask package variable)
  execute_process(COMMAND ${PKG_CONFIG} ${ARGN} ${package}
    OUTPUT_VARIABLE said OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(said)
  set(${variable} ${said} PARENT_SCOPE)
endfunction()

ask(kan version --modversion)
if(NOT version STREQUAL VERSION)
  message(FATAL_ERROR "kan.pc says ${version}")
endif()

ask(kan compile --cflags)
ask(kan link --libs)
run(${CXX} -std=c++17 ${FLAGS} ${definition} ${compile} ${SOURCES}/main.cpp ${link}
    -o ${FOLDER}/by_pkgconfig)
run(${FOLDER}/by_pkgconfig ${MODEL} 0.5 0.5 3.49034296 0.05)

if(SHARED)
  ask(kan_c compile --cflags)
  ask(kan_c link --libs)
  run(${CC} -std=c99 ${FLAGS} ${definition} ${compile} ${SOURCES}/main.c ${link}
      -Wl,-rpath,${PKGCONFIG_DIR}/.. -o ${FOLDER}/by_pkgconfig_c)
  run(${FOLDER}/by_pkgconfig_c ${MODEL} 0.5 0.5 3.49034296 0.05)
endif()
