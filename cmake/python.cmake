# The Python module: names and conversions over the headers, built by scikit-build-core.
find_package(pybind11 REQUIRED CONFIG)
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF)  # each long call lies whole in one source: nothing to gain at link
file(GLOB bindings CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bindings/*.cpp)
pybind11_add_module(_core MODULE ${bindings})
target_link_libraries(_core PRIVATE libmatch::libmatch)
target_compile_definitions(_core PRIVATE LIBMATCH_VERSION="${PROJECT_VERSION}")
target_compile_options(_core PRIVATE -Wall -Wextra)
install(TARGETS _core DESTINATION libmatch)
