# Install, the package config that find_package(libmatch) reads, and the TGZ package.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(libmatch_config_dir ${CMAKE_INSTALL_DATADIR}/cmake/libmatch)
install(DIRECTORY libmatch DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(TARGETS libmatch EXPORT libmatchTargets)
install(EXPORT libmatchTargets NAMESPACE libmatch:: DESTINATION ${libmatch_config_dir})
configure_package_config_file(cmake/libmatchConfig.cmake.in libmatchConfig.cmake
                              INSTALL_DESTINATION ${libmatch_config_dir})
write_basic_package_version_file(libmatchConfigVersion.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${PROJECT_BINARY_DIR}/libmatchConfig.cmake ${PROJECT_BINARY_DIR}/libmatchConfigVersion.cmake
        DESTINATION ${libmatch_config_dir})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libmatch)

if(PROJECT_IS_TOP_LEVEL)
    set(CPACK_GENERATOR TGZ)
    set(CPACK_PACKAGE_VENDOR libmatch)
    include(CPack)
endif()
