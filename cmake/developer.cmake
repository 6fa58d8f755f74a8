# libmatch_developer: what tests and benchmarks link. Warnings are errors here and never in users' builds.
add_library(libmatch_developer INTERFACE)
target_link_libraries(libmatch_developer INTERFACE libmatch::libmatch)
target_compile_options(libmatch_developer INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
