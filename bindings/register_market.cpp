// Markets, plans, and the verbs on them.
#include "convert.hpp"
#include "register.hpp"

#include <libmatch/check/plan.hpp>
#include <libmatch/model/build_market.hpp>
#include <libmatch/model/plan_tables.hpp>
#include <libmatch/plan/blocking.hpp>
#include <libmatch/plan/explain.hpp>
#include <libmatch/plan/solve.hpp>

namespace libmatch::python {
namespace {

/// A plan refers to its market by index, so it keeps it alive.
struct BoundPlan {
    std::shared_ptr<const Market> market;
    Plan plan;
};

template <class Id>
Id id_of(const std::unordered_map<std::string, std::uint32_t>& index, const std::string& id,
         const char* table, const char* column) {
    const auto at = index.find(id);
    if (at == index.end()) {
        throw InputError({Fault::Severity::error, table, -1, column, id,
                          "the market has no such id", "use an id of the table"});
    }
    return Id(at->second);
}

std::vector<Fault> check_tables(const py::dict& given) {
    const Tables tables = to_tables(given);
    const py::gil_scoped_release unlocked;  // validation reads every row
    std::vector<Fault> faults;
    const Market market = build_market(tables, faults);
    if (faults.empty()) faults = blocking(market);
    return faults;
}

BoundPlan solve_market(std::shared_ptr<Market> market, double gap, bool exact,
                       std::optional<double> time_limit, unsigned threads, std::uint64_t seed,
                       std::vector<std::string> stages, Listener progress) {
    SolveOptions options;
    options.gap = gap;
    options.exact = exact;
    options.threads = threads;
    options.seed = seed;
    options.stages = std::move(stages);
    Control control(time_limit, with_python(std::move(progress)));
    const py::gil_scoped_release unlocked;  // seconds of work without any Python object
    return {market, solve(*market, options, control)};
}

}  // namespace

void register_market(py::module_& m) {
    py::class_<Market, std::shared_ptr<Market>>(m, "Market")
        .def(py::init([](const py::dict& given) {
                 const Tables tables = to_tables(given);
                 const py::gil_scoped_release unlocked;  // validation reads every row
                 return std::make_shared<Market>(build_market(tables));
             }),
             py::arg("tables"))
        .def_property_readonly("firms", [](const Market& x) { return x.firms.size(); })
        .def_property_readonly("advisers", [](const Market& x) { return x.advisers.size(); })
        .def_property_readonly("programmes", [](const Market& x) {
            std::vector<std::string> names;
            for (const Programme& p : x.programmes) names.push_back(p.name);
            return names;
        });
    py::class_<BoundPlan>(m, "Plan")
        .def("tables",
             [](const BoundPlan& p) { return from_tables(plan_tables(*p.market, p.plan)); })
        .def_property_readonly("seen", [](const BoundPlan& p) {
            std::map<std::string, std::map<std::string, std::uint64_t>> seen;
            for (const auto& [stage, pairs] : p.plan.seen) {
                seen[stage] = {
                    {"lists", pairs.lists}, {"filtered", pairs.filtered}, {"scored", pairs.scored}};
            }
            return seen;
        });

    m.def("check", &check_tables, py::arg("tables"));
    m.def("solve", &solve_market, py::arg("market"), py::kw_only(), py::arg("gap") = 1e-4,
          py::arg("exact") = false, py::arg("time_limit") = py::none(), py::arg("threads") = 0,
          py::arg("seed") = 0, py::arg("stages") = std::vector<std::string>{},
          py::arg("progress") = py::none());
    m.def(
        "plan_from_tables",
        [](std::shared_ptr<Market> market, const py::dict& tables) {
            return BoundPlan{market, plan_from_tables(*market, to_tables(tables))};
        },
        py::arg("market"), py::arg("tables"));
    m.def(
        "verify",
        [](std::shared_ptr<Market> market, const BoundPlan& p) {
            const py::gil_scoped_release unlocked;  // every pair is looked at
            return check::verify(*market, p.plan);
        },
        py::arg("market"), py::arg("plan"));
    m.def(
        "explain",
        [](std::shared_ptr<Market> market, const BoundPlan& p, const std::string& firm) {
            return explain(*market, p.plan,
                           id_of<FirmId>(market->firm_index, firm, "firms", "firm_id"));
        },
        py::arg("market"), py::arg("plan"), py::arg("firm_id"));
    m.def(
        "why_not",
        [](std::shared_ptr<Market> market, const BoundPlan& p, const std::string& firm,
           const std::string& adviser) {
            return why_not(
                *market, p.plan, id_of<FirmId>(market->firm_index, firm, "firms", "firm_id"),
                id_of<AdviserId>(market->adviser_index, adviser, "advisers", "adviser_id"));
        },
        py::arg("market"), py::arg("plan"), py::arg("firm_id"), py::arg("adviser_id"));
}

}  // namespace libmatch::python
