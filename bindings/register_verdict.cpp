// What the judge says.
#include "convert.hpp"
#include "register.hpp"

#include <libmatch/check/verdict.hpp>

namespace libmatch::python {

void register_verdict(py::module_& m) {
    using check::Verdict;
    py::class_<Verdict>(m, "Verdict")
        .def_property_readonly("ok", &Verdict::ok)
        .def_property_readonly(
            "violations",
            [](const Verdict& v) {
                std::vector<std::tuple<std::string, std::string, std::string>> out;
                for (const auto& x : v.violations) out.emplace_back(x.stage, x.subject, x.problem);
                return out;
            })
        .def_property_readonly("stages", [](const Verdict& v) {
            std::vector<std::tuple<std::string, double, double, double>> out;
            for (const auto& s : v.stages) out.emplace_back(s.stage, s.objective, s.bound, s.gap());
            return out;
        });
}

}  // namespace libmatch::python
