// One function per kind of thing that Python sees.
#pragma once

#include <pybind11/pybind11.h>

namespace libmatch::python {

void register_error(pybind11::module_& m);
void register_verdict(pybind11::module_& m);
void register_market(pybind11::module_& m);
void register_assign(pybind11::module_& m);
void register_pool(pybind11::module_& m);

}  // namespace libmatch::python
