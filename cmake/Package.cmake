# What `cmake --install` leaves, all of the component "cpp": headers, libraries, the CMake package and
# pkg-config files. Nothing in it names the place where it was built or installed.

include(CMakePackageConfigHelpers)
set(kan_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/kan)
set(kan_pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(DIRECTORY include/kan ${PROJECT_BINARY_DIR}/include/kan
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT cpp
  FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
install(TARGETS kan EXPORT kanTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT cpp)
install(EXPORT kanTargets NAMESPACE kan:: DESTINATION ${kan_cmake_dir} COMPONENT cpp)
if(KAN_SHARED)
  install(TARGETS kan_shared EXPORT kanSharedTargets
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT cpp
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT cpp
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT cpp)
  install(EXPORT kanSharedTargets NAMESPACE kan:: DESTINATION ${kan_cmake_dir} COMPONENT cpp)
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/kanConfig.cmake.in kanConfig.cmake
  INSTALL_DESTINATION ${kan_cmake_dir})
write_basic_package_version_file(kanConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/kanConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/kanConfigVersion.cmake
  DESTINATION ${kan_cmake_dir} COMPONENT cpp)

# name.pc, which finds its folders from where it lies itself.
function(kan_install_pkgconfig name description libraries)
  file(RELATIVE_PATH to_prefix
       ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  string(REGEX REPLACE "/$" "" to_prefix "${to_prefix}")
  set(libdir "\${prefix}")
  cmake_path(APPEND libdir ${CMAKE_INSTALL_LIBDIR})  # unless that is absolute already
  set(includedir "\${prefix}")
  cmake_path(APPEND includedir ${CMAKE_INSTALL_INCLUDEDIR})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/pkgconfig.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc
    DESTINATION ${kan_pkgconfig_dir} COMPONENT cpp)
endfunction()

# A static library leaves its OpenMP runtime to whoever links it.
set(kan_runtime "")
if(kan_has_openmp)
  set(kan_runtime " ${OpenMP_CXX_FLAGS}")
endif()
kan_install_pkgconfig(kan "${PROJECT_DESCRIPTION}; link as C++" "-lkan${kan_runtime}")
if(KAN_SHARED)
  kan_install_pkgconfig(kan_c "${PROJECT_DESCRIPTION}: the C interface" "-lkan_c")
endif()
