// Markets, plans, and the verbs on them.
#include "convert.hpp"
#include "register.hpp"

#include <algorithm>

#include <libmatch/check/plan.hpp>
#include <libmatch/model/build_market.hpp>
#include <libmatch/model/plan_tables.hpp>
#include <libmatch/plan/blocking.hpp>
#include <libmatch/plan/explain.hpp>
#include <libmatch/plan/place.hpp>
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
    const bool lawful = std::none_of(faults.begin(), faults.end(), [](const Fault& f) {
        return f.severity == Fault::Severity::error;
    });
    if (!lawful) return faults;
    const auto warnings = blocking(market);
    faults.insert(faults.end(), warnings.begin(), warnings.end());
    return faults;
}

BoundPlan solve_market(std::shared_ptr<Market> market, double gap, bool exact,
                       std::optional<double> time_limit, unsigned threads, std::uint64_t seed,
                       std::vector<std::string> stages, Listener progress,
                       const std::optional<py::dict>& previous,
                       std::optional<std::int64_t> max_changes) {
    SolveOptions options;
    if (previous) options.previous = previous_from_tables(*market, to_tables(*previous));
    options.max_changes = max_changes;
    options.gap = gap;
    options.exact = exact;
    options.threads = threads;
    options.seed = seed;
    options.stages = std::move(stages);
    Control control(time_limit, with_python(std::move(progress)));
    const py::gil_scoped_release unlocked;  // seconds of work without any Python object
    return {market, solve(*market, options, control)};
}

/// Compiled for arrivals, with what it reads.
class BoundPlacer {
  public:
    BoundPlacer(std::shared_ptr<const Market> market, const BoundPlan& plan)
        : market_(std::move(market)),
          plan_(plan.plan),
          reader_(*market_),
          placer_(*market_, plan_) {}

    /// One row per programme: programme, outcome, sentence, adviser or None, score, price, net,
    /// gain, next adviser or None, its net value, free seat, who gives way or None, where it goes
    /// or None, what it loses.
    py::list place(const py::dict& firm) {
        const auto found = placer_.place(reader_.read(to_tables(firm)));
        py::list rows;
        for (const Placement& p : found) {
            rows.append(py::make_tuple(
                market_->programmes[p.programme].name, outcome(p.outcome), sentence(*market_, p),
                id(market_->advisers.id, p.adviser), p.terms.score, p.price, p.net, p.gain(),
                id(market_->advisers.id, p.next), p.next_net, p.free_seat,
                id(market_->firms.id, p.displaced), id(market_->advisers.id, p.displaced_goes),
                p.displaced_loss));
        }
        return rows;
    }

  private:
    template <class Id>
    static std::optional<std::string> id(const std::vector<std::string>& ids, Id at) {
        return at.known() ? std::optional(ids[at]) : std::nullopt;
    }
    static const char* outcome(Placement::Outcome o) {
        constexpr const char* names[] = {"placed", "stays_out", "nobody", "excluded", "not_solved"};
        return names[static_cast<std::size_t>(o)];
    }
    std::shared_ptr<const Market> market_;
    Plan plan_;
    ArrivalReader reader_;
    Placer placer_;
};

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

    py::class_<BoundPlacer>(m, "Placer")
        .def(py::init([](std::shared_ptr<Market> market, const BoundPlan& plan) {
                 return std::make_unique<BoundPlacer>(std::move(market), plan);
             }),
             py::arg("market"), py::arg("plan"))
        .def("place", &BoundPlacer::place, py::arg("tables"));

    m.def("check", &check_tables, py::arg("tables"));
    m.def("solve", &solve_market, py::arg("market"), py::kw_only(), py::arg("gap") = 1e-4,
          py::arg("exact") = false, py::arg("time_limit") = py::none(), py::arg("threads") = 0,
          py::arg("seed") = 0, py::arg("stages") = std::vector<std::string>{},
          py::arg("progress") = py::none(), py::arg("previous") = py::none(),
          py::arg("max_changes") = py::none());
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
