# What the headers need. System packages serve as they are. In a build from pip, Eigen and Boost are
# build requirements which lie in the build Python's own prefix, so that Python is asked for it.
if(LIBMATCH_PYTHON)
    find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
    execute_process(
        COMMAND ${Python_EXECUTABLE} -c "import cmeel, pathlib; print((pathlib.Path(cmeel.__file__).parents[1] / 'cmeel.prefix').as_posix())"
        OUTPUT_VARIABLE libmatch_pip_prefix OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(libmatch_pip_prefix)
        list(PREPEND CMAKE_PREFIX_PATH ${libmatch_pip_prefix})
    endif()
endif()

find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(Boost 1.74 REQUIRED CONFIG)
find_package(Threads REQUIRED)
