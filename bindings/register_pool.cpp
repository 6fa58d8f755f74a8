// Pooling at array level.
#include "convert.hpp"
#include "register.hpp"

#include <libmatch/check/pooling.hpp>
#include <libmatch/core/beside.hpp>
#include <libmatch/model/pool_words.hpp>
#include <libmatch/pool/pool.hpp>

namespace libmatch::python {
namespace {

using RuleInput = std::pair<py::dict, std::optional<Array<std::uint32_t>>>;

std::vector<PoolPlace> places_of(const std::optional<Array<double>>& given) {
    std::vector<PoolPlace> out;
    const auto flat = to_vector(given);
    for (std::size_t k = 0; k + 1 < flat.size(); k += 2) out.push_back({flat[k], flat[k + 1]});
    return out;
}

DossierRule rule_of(const py::dict& given) {
    DossierRule rule;
    const auto set = [&](const char* key, auto& field) {
        if (given.contains(key) && !given[key].is_none()) {
            field = py::cast<std::remove_reference_t<decltype(field)>>(given[key]);
        }
    };
    set("name", rule.name);
    set("min_sum", rule.min_sum);
    set("max_sum", rule.max_sum);
    set("min_members", rule.min_members);
    set("max_members", rule.max_members);
    set("max_radius_km", rule.max_radius_km);
    set("opening_cost", rule.opening_cost);
    set("cost_per_km", rule.cost_per_km);
    if (given.contains("seat")) {
        rule.seat =
            py::cast<std::string>(given["seat"]) == "site" ? SeatKind::site : SeatKind::member;
    }
    return rule;
}

PoolProblem problem_of(const Array<double>& amount, const std::optional<Array<double>>& value,
                       const std::optional<Array<double>>& place, const std::string& metric,
                       const std::optional<Array<double>>& sites,
                       const std::vector<RuleInput>& rules, const py::dict& limits) {
    PoolProblem p;
    p.amount = to_vector(amount);
    p.value = to_vector(value);
    p.metric = metric == "sphere"  ? Metric::sphere
               : metric == "plane" ? Metric::plane
                                   : Metric::none;
    p.place = places_of(place);
    p.sites = places_of(sites);
    for (const auto& [rule, cell] : rules) p.rules.push_back({rule_of(rule), to_vector(cell)});
    const auto numbers = [&](const char* key) {
        return limits.contains(key) ? to_vector(py::cast<Array<double>>(limits[key]))
                                    : std::vector<double>{};
    };
    const auto pairs = [&](const char* key) {
        std::vector<PoolPair> out;
        if (!limits.contains(key)) return out;
        const auto flat = to_vector(py::cast<Array<std::int64_t>>(limits[key]));
        for (std::size_t k = 0; k + 1 < flat.size(); k += 2) {
            out.push_back({FirmId(static_cast<std::uint32_t>(flat[k])),
                           FirmId(static_cast<std::uint32_t>(flat[k + 1]))});
        }
        return out;
    };
    p.sessions = numbers("sessions");
    p.seats = numbers("seats");
    p.together = pairs("together");
    p.apart = pairs("apart");
    return p;
}

PoolReason reason_of(const std::string& words) {
    for (auto r = PoolReason::pooled; r != PoolReason::not_worth;
         r = static_cast<PoolReason>(static_cast<int>(r) + 1)) {
        if (words == name(r)) return r;
    }
    return PoolReason::not_worth;
}

std::vector<std::int64_t> group_of_firms(const PoolResult& r) {
    std::vector<std::int64_t> group(r.prices.size(), -1);
    for (std::size_t g = 0; g < r.groups.size(); ++g) {
        for (const FirmId i : r.groups[g].members) group[i] = static_cast<std::int64_t>(g);
    }
    return group;
}

}  // namespace

void register_pool(py::module_& m) {
    py::class_<PoolResult>(m, "PoolResult")
        .def_property_readonly("group",
                               [](const PoolResult& r) { return to_array(group_of_firms(r)); })
        .def_property_readonly("seat",
                               [](const PoolResult& r) {
                                   std::vector<std::int64_t> out;
                                   for (const PoolGroup& g : r.groups) out.push_back(g.seat);
                                   return to_array(out);
                               })
        .def_property_readonly("rule",
                               [](const PoolResult& r) {
                                   std::vector<std::int64_t> out;
                                   for (const PoolGroup& g : r.groups) out.push_back(g.rule);
                                   return to_array(out);
                               })
        .def_property_readonly("prices", [](const PoolResult& r) { return to_array(r.prices); })
        .def_property_readonly("site_prices",
                               [](const PoolResult& r) { return to_array(r.site_prices); })
        .def_property_readonly(
            "nearest",
            [](const PoolResult& r) {
                std::vector<std::int64_t> out;
                for (const NearestGroup& at : r.nearest)
                    out.push_back(at.group == NearestGroup::none ? -1 : std::int64_t{at.group});
                return to_array(out);
            })
        .def_property_readonly("needs",
                               [](const PoolResult& r) {
                                   std::vector<std::string> out;
                                   for (const NearestGroup& at : r.nearest)
                                       out.push_back(needs_text(at));
                                   return out;
                               })
        .def_property_readonly("missing", [](const PoolResult& r) { return to_array(r.missing); })
        .def_property_readonly("reasons",
                               [](const PoolResult& r) {
                                   std::vector<std::string> out;
                                   for (const PoolReason x : r.reasons) out.emplace_back(name(x));
                                   return out;
                               })
        .def_property_readonly("objective",
                               [](const PoolResult& r) { return r.certificate.objective; })
        .def_property_readonly("bound", [](const PoolResult& r) { return r.certificate.bound; })
        .def_property_readonly("gap", [](const PoolResult& r) { return r.certificate.gap(); })
        .def_property_readonly("seconds", [](const PoolResult& r) { return r.certificate.seconds; })
        .def_property_readonly(
            "status", [](const PoolResult& r) { return std::string(name(r.certificate.status)); });

    m.def(
        "pool",
        [](const Array<double>& amount, const std::optional<Array<double>>& value,
           const std::optional<Array<double>>& place, const std::string& metric,
           const std::optional<Array<double>>& sites, const std::vector<RuleInput>& rules,
           const py::dict& limits, double gap, std::optional<double> time_limit, unsigned threads,
           std::uint64_t seed) {
            const PoolProblem problem =
                problem_of(amount, value, place, metric, sites, rules, limits);
            PoolOptions options;
            options.gap = gap;
            options.threads = threads;
            options.seed = seed;
            Control control(time_limit, with_python(std::nullopt));
            const py::gil_scoped_release unlocked;  // seconds of work without any Python object
            return Beside::watched(control,
                                   [&](Control& own) { return pool(problem, options, own); });
        },
        py::arg("amount"), py::arg("value"), py::arg("place"), py::arg("metric"), py::arg("sites"),
        py::arg("rules"), py::arg("limits"), py::kw_only(), py::arg("gap") = 0.01,
        py::arg("time_limit") = py::none(), py::arg("threads") = 0, py::arg("seed") = 0);
    m.def(
        "verify_pool",
        [](const Array<double>& amount, const std::optional<Array<double>>& value,
           const std::optional<Array<double>>& place, const std::string& metric,
           const std::optional<Array<double>>& sites, const std::vector<RuleInput>& rules,
           const py::dict& limits, const Array<std::int64_t>& group,
           const Array<std::int64_t>& seat, const Array<std::int64_t>& rule,
           const Array<double>& prices, const Array<double>& site_prices, double objective,
           double bound, const std::vector<std::string>& reasons, const Array<double>& missing) {
            const PoolProblem problem =
                problem_of(amount, value, place, metric, sites, rules, limits);
            PoolResult claim;
            claim.prices = to_vector(prices);
            claim.site_prices = to_vector(site_prices);
            claim.missing = to_vector(missing);
            for (const std::string& reason : reasons) claim.reasons.push_back(reason_of(reason));
            claim.certificate = {Status::within_gap, objective, bound, 0, 0};
            const auto seats = to_vector(seat), rule_of_group = to_vector(rule),
                       groups = to_vector(group);
            for (std::size_t g = 0; g < seats.size(); ++g) {
                claim.groups.push_back({static_cast<std::uint32_t>(rule_of_group[g]),
                                        static_cast<std::uint32_t>(seats[g]),
                                        {}});
            }
            for (std::size_t i = 0; i < groups.size(); ++i) {
                if (groups[i] >= 0)
                    claim.groups.at(static_cast<std::size_t>(groups[i])).members.emplace_back(i);
            }
            const py::gil_scoped_release unlocked;  // every seat is looked at
            return check::verify(problem, claim);
        },
        py::arg("amount"), py::arg("value"), py::arg("place"), py::arg("metric"), py::arg("sites"),
        py::arg("rules"), py::arg("limits"), py::arg("group"), py::arg("seat"), py::arg("rule"),
        py::arg("prices"), py::arg("site_prices"), py::arg("objective"), py::arg("bound"),
        py::arg("reasons"), py::arg("missing"));
}

}  // namespace libmatch::python
