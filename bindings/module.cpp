// libmatch._core: a contents page of the bindings.
#include <pybind11/pybind11.h>

#include "register.hpp"

#ifndef LIBMATCH_VERSION
#define LIBMATCH_VERSION "0"
#endif

PYBIND11_MODULE(_core, m) {
    m.doc() =
        "The C++ core of libmatch. Use the package libmatch, which converts frames and checks "
        "shapes.";
    m.attr("version") = LIBMATCH_VERSION;
    libmatch::python::register_error(m);
    libmatch::python::register_verdict(m);
    libmatch::python::register_market(m);
    libmatch::python::register_assign(m);
    libmatch::python::register_pool(m);
}
