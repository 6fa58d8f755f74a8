// Faults, and InputError that carries them.
#include "convert.hpp"
#include "register.hpp"

#include <libmatch/core/error.hpp>

namespace libmatch::python {

void register_error(py::module_& m) {
    py::class_<Fault>(m, "Fault")
        .def_property_readonly("severity",
                               [](const Fault& f) {
                                   return f.severity == Fault::Severity::error ? "error"
                                                                               : "warning";
                               })
        .def_readonly("table", &Fault::table)
        .def_readonly("row", &Fault::row)
        .def_readonly("column", &Fault::column)
        .def_readonly("value", &Fault::value)
        .def_readonly("problem", &Fault::problem)
        .def_readonly("remedy", &Fault::remedy)
        .def_property_readonly("text", &Fault::text)
        .def("__repr__", &Fault::text);

    // Lives as long as the interpreter: the module holds it.
    static py::handle input_error =
        py::exception<InputError>(m, "InputError", PyExc_ValueError).release();
    py::register_exception_translator([](std::exception_ptr thrown) {
        try {
            if (thrown) std::rethrow_exception(thrown);
        } catch (const InputError& e) {
            const py::object error = input_error(e.what());
            error.attr("faults") = py::cast(e.faults());
            PyErr_SetObject(input_error.ptr(), error.ptr());
        }
    });
}

}  // namespace libmatch::python
