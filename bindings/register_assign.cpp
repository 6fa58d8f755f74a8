// Assignment at array level, and on one programme of a market.
#include "convert.hpp"
#include "infeasible.hpp"
#include "register.hpp"

#include <libmatch/assign/assign.hpp>
#include <libmatch/check/assignment.hpp>
#include <libmatch/check/market_choices.hpp>
#include <libmatch/core/beside.hpp>
#include <libmatch/plan/solve.hpp>
#include <libmatch/retrieve/hours_source.hpp>
#include <libmatch/retrieve/market_source.hpp>
#include <libmatch/retrieve/matrix_source.hpp>

namespace libmatch::python {
namespace {

using Sparse = std::tuple<Array<std::int64_t>, Array<std::uint32_t>, Array<double>>;
using Status = libmatch::Status;
/// Firms or None, advisers or None, at least, at most or None, name.
using QuotaRow =
    std::tuple<std::optional<Array<std::uint32_t>>, std::optional<Array<std::uint32_t>>,
               std::int64_t, std::optional<std::int64_t>, std::string>;

template <class Id>
std::optional<std::vector<Id>> members(const std::optional<Array<std::uint32_t>>& given) {
    if (!given) return std::nullopt;
    std::vector<Id> ids;
    for (const std::uint32_t id : to_vector(*given)) ids.emplace_back(id);
    return ids;
}

std::vector<Quota> to_quotas(const std::vector<QuotaRow>& rows) {
    std::vector<Quota> quotas;
    for (const auto& [firms, advisers, least, most, text] : rows) {
        quotas.push_back({members<FirmId>(firms), members<AdviserId>(advisers), least,
                          most.value_or(Quota::no_limit), text});
    }
    return quotas;
}

/// Needs and weights of firms, skills of advisers, each by rows.
using TeamArrays = std::tuple<Array<double>, Array<double>, Array<double>>;

std::optional<Team> to_team(const std::optional<TeamArrays>& given) {
    if (!given) return std::nullopt;
    const auto& [need, weight, skill] = *given;
    return Team{static_cast<std::size_t>(need.shape(1)), to_vector(need), to_vector(weight),
                to_vector(skill)};
}

/// An earlier assignment, and how many of its pairs may change.
void set_previous(AssignmentLimits& limits, const std::optional<Array<std::int64_t>>& previous,
                  std::optional<std::int64_t> max_changes) {
    if (previous) limits.previous = to_pairs(*previous);
    std::sort(limits.previous.begin(), limits.previous.end());
    limits.max_changes = max_changes;
}

/// Keeps the user's arrays while C++ views them.
class Problem {
  public:
    Problem(std::size_t n, std::size_t m, std::optional<Array<double>> dense,
            std::optional<Sparse> sparse, const std::optional<Array<std::int64_t>>& capacity,
            const std::optional<Array<std::int32_t>>& demand,
            const std::optional<Array<std::int32_t>>& min_demand,
            const std::optional<Array<std::int64_t>>& min_load,
            const std::optional<Array<std::int64_t>>& pinned,
            const std::optional<Array<double>>& hours, std::optional<Array<double>> load,
            const std::vector<QuotaRow>& quotas, const std::optional<Array<double>>& reservation,
            const std::optional<Array<std::int64_t>>& previous,
            std::optional<std::int64_t> max_changes, const std::optional<TeamArrays>& team)
        : dense_(std::move(dense)), sparse_(std::move(sparse)), load_(std::move(load)) {
        limits_.capacity = to_vector(capacity);
        limits_.hours = to_vector(hours);
        limits_.demand = to_vector(demand);
        limits_.min_demand = to_vector(min_demand);
        limits_.min_load = to_vector(min_load);
        if (pinned) limits_.pinned = to_pairs(*pinned);
        std::sort(limits_.pinned.begin(), limits_.pinned.end());
        limits_.quotas = to_quotas(quotas);
        limits_.reservation = to_vector(reservation);
        set_previous(limits_, previous, max_changes);
        limits_.team = to_team(team);
        if (dense_) {
            const Eigen::Map<const DenseSource::Matrix> view(
                dense_->data(), static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(m));
            source_ = std::make_unique<DenseSource>(view);
        } else {
            const auto& [begin, column, value] = *sparse_;
            source_ = std::make_unique<SparseSource>(
                m, std::span(begin.data(), static_cast<std::size_t>(begin.size())),
                std::span(column.data(), static_cast<std::size_t>(column.size())),
                std::span(value.data(), static_cast<std::size_t>(value.size())));
        }
        if (load_) with_hours_ = std::make_unique<HoursSource>(*source_, hours_of(m));
    }
    [[nodiscard]] const PairSource& source() const { return with_hours_ ? *with_hours_ : *source_; }
    [[nodiscard]] const AssignmentLimits& limits() const { return limits_; }

  private:
    /// Hours as an n x m array, one per firm, or one per stored pair of a sparse array.
    [[nodiscard]] HoursSource::Hours hours_of(std::size_t m) const {
        const double* hours = load_->data();
        if (load_->ndim() == 2)
            return [hours, m](FirmId i, AdviserId j) { return hours[i.value * m + j.value]; };
        if (!sparse_) return [hours](FirmId i, AdviserId) { return hours[i.value]; };
        const std::int64_t* begin = std::get<0>(*sparse_).data();
        const std::uint32_t* column = std::get<1>(*sparse_).data();
        return [hours, begin, column](FirmId i, AdviserId j) {
            const auto* row = column + begin[i.value];
            return hours[std::lower_bound(row, column + begin[i.value + 1], j.value) - column];
        };
    }
    std::optional<Array<double>> dense_;
    std::optional<Sparse> sparse_;
    std::optional<Array<double>> load_;
    AssignmentLimits limits_;
    std::unique_ptr<PairSource> source_;
    std::unique_ptr<HoursSource> with_hours_;
};

AssignmentResult run(const PairSource& source, const AssignmentLimits& limits, double gap,
                     bool exact, double unit, std::optional<double> time_limit, unsigned threads,
                     std::uint64_t seed, std::vector<double> start_prices) {
    AssignmentOptions options;
    options.start_prices = std::move(start_prices);
    options.unit = unit;
    options.seed = seed;
    options.gap = gap;
    options.exact = exact;
    options.threads = threads;
    Control control(time_limit, with_python(std::nullopt));
    const py::gil_scoped_release unlocked;  // seconds of work without any Python object
    return Beside::watched(control,
                           [&](Control& own) { return assign(source, limits, options, own); });
}

Status status_named(const std::string& text) {
    for (const Status s : {Status::optimal, Status::within_gap, Status::time_limit,
                           Status::cancelled, Status::infeasible}) {
        if (name(s) == text) return s;
    }
    throw InputError({Fault::Severity::error, "status", -1, "", text, "this is no status",
                      "use one that the solver gives"});
}

/// changes, forced_changes, change_price
using Changes = std::tuple<std::int64_t, std::int64_t, double>;

/// What a caller claims, to be judged.
AssignmentResult claim_of(const Array<std::int64_t>& pairs, const Array<double>& prices,
                          const Array<double>& quota_prices, double objective, double bound,
                          double unit, const std::string& status, const Changes& changed,
                          const InfeasibleRows& infeasible) {
    AssignmentResult claim;
    claim.pairs = to_pairs(pairs);
    claim.prices = to_vector(prices);
    claim.quota_prices = to_vector(quota_prices);
    std::tie(claim.changes, claim.forced_changes, claim.change_price) = changed;
    claim.certificate = {status_named(status), objective, bound, unit, 0};
    const auto& [blockers, relaxation, relaxed_pairs] = infeasible;
    claim.blockers = blockers_from(blockers);
    claim.relaxation = relaxation_from(relaxation);
    claim.relaxed_pairs = to_pairs(relaxed_pairs);
    return claim;
}

/// Rows of a market's tables beside its indices, which are in the order of ids.
class Rows {
  public:
    /// Arrays have no ids: a row is its index.
    Rows() = default;
    explicit Rows(const Market& market)
        : firm_(market.firms.row),
          adviser_(market.advisers.row),
          firm_at_(inverse(firm_)),
          adviser_at_(inverse(adviser_)) {}

    [[nodiscard]] FirmId row_of(FirmId i) const { return of(firm_, i); }
    [[nodiscard]] AdviserId row_of(AdviserId j) const { return of(adviser_, j); }

    /// From indices to rows.
    [[nodiscard]] AssignmentResult given(AssignmentResult r) const {
        for (Pair& p : r.pairs) p = {of(firm_, p.firm), of(adviser_, p.adviser)};
        std::sort(r.pairs.begin(), r.pairs.end());
        r.prices = moved(r.prices, adviser_at_);
        rename(r, firm_, adviser_);
        if (r.unlimited)
            r.unlimited = std::make_shared<const AssignmentResult>(given(*r.unlimited));
        return r;
    }
    /// From rows to indices.
    [[nodiscard]] std::vector<Pair> inside(std::vector<Pair> pairs) const {
        for (Pair& p : pairs) p = {of(firm_at_, p.firm), of(adviser_at_, p.adviser)};
        std::sort(pairs.begin(), pairs.end());
        return pairs;
    }
    [[nodiscard]] std::vector<double> inside(const std::vector<double>& of_advisers) const {
        return moved(of_advisers, adviser_);
    }
    [[nodiscard]] AssignmentResult inside(AssignmentResult r) const {
        for (Pair& p : r.pairs) p = {of(firm_at_, p.firm), of(adviser_at_, p.adviser)};
        r.prices = moved(r.prices, adviser_);
        rename(r, firm_at_, adviser_at_);
        return r;
    }

    /// From rows to indices, of what was given beside the market.
    [[nodiscard]] std::vector<Quota> inside(std::vector<Quota> quotas) const {
        for (Quota& q : quotas) {
            rename(q.firms, firm_at_);
            rename(q.advisers, adviser_at_);
        }
        return quotas;
    }
    template <class T>
    [[nodiscard]] std::vector<T> of_firms(const std::vector<T>& values) const {
        return moved(values, firm_);
    }

  private:
    using Order = std::vector<std::uint32_t>;
    static Order inverse(const Order& order) {
        Order out(order.size());
        for (std::size_t k = 0; k < order.size(); ++k)
            out[order[k]] = static_cast<std::uint32_t>(k);
        return out;
    }
    /// What lies outside stays outside, for the judge to name.
    template <class Id>
    static Id of(const Order& order, Id at) {
        return at.value < order.size() ? Id(order[at.value]) : at;
    }
    template <class Id>
    static void rename(std::optional<std::vector<Id>>& members, const Order& order) {
        if (!members) return;
        for (Id& id : *members) id = of(order, id);
        std::sort(members->begin(), members->end());
    }
    /// What only an infeasible answer has.
    static void rename(AssignmentResult& r, const Order& firm, const Order& adviser) {
        for (Blocker& b : r.blockers) {
            if (b.kind == Blocker::Kind::firm) b.index = of(firm, FirmId(b.index)).value;
            if (b.kind == Blocker::Kind::adviser) b.index = of(adviser, AdviserId(b.index)).value;
            for (FirmId& i : b.firms) i = of(firm, i);
            for (AdviserId& j : b.advisers) j = of(adviser, j);
            for (Pair& p : b.pins) p = {of(firm, p.firm), of(adviser, p.adviser)};
        }
        for (Relaxation& change : r.relaxation) {
            change.firm = of(firm, change.firm);
            change.adviser = of(adviser, change.adviser);
        }
        for (Pair& p : r.relaxed_pairs) p = {of(firm, p.firm), of(adviser, p.adviser)};
    }
    template <class T>
    static std::vector<T> moved(const std::vector<T>& values, const Order& from) {
        if (from.size() != values.size()) return values;
        std::vector<T> out(values.size());
        for (std::size_t k = 0; k < values.size(); ++k) out[k] = values[from[k]];
        return out;
    }
    Order firm_, adviser_, firm_at_, adviser_at_;
};

/// What is given beside a market, by rows: minimum demands, quotas, values of staying out.
struct Beside {
    std::optional<Array<std::int32_t>> min_demand;
    std::vector<QuotaRow> quotas;
    std::optional<Array<double>> reservation;
};

/// The limits of a programme, with those that were given beside the market. Minimum demands and
/// values take the place of the market's; quotas come after its own.
AssignmentLimits market_limits(const Scorer& scorer, const Rows& rows, const Beside& given,
                               const std::optional<Array<std::int64_t>>& previous,
                               std::optional<std::int64_t> max_changes) {
    AssignmentLimits limits = programme_limits(scorer);
    for (Quota& quota : rows.inside(to_quotas(given.quotas)))
        limits.quotas.push_back(std::move(quota));
    if (given.min_demand) {
        limits.min_demand = rows.of_firms(to_vector(*given.min_demand));
        for (std::size_t i = 0; i < limits.min_demand.size(); ++i) {
            if (scorer.firm_rule(FirmId(i)) != Exclusion::none) limits.min_demand[i] = 0;
        }
    }
    if (given.reservation) limits.reservation = rows.of_firms(to_vector(*given.reservation));
    set_previous(limits, previous, max_changes);
    limits.previous = rows.inside(std::move(limits.previous));
    return limits;
}

/// `scorer`: of a programme of a market, whose pairs the judge need not ask one by one.
check::Verdict judge(const PairSource& source, const AssignmentLimits& limits,
                     const AssignmentResult& claim, const Rows& rows = {},
                     const Scorer* scorer = nullptr) {
    check::AssignmentCase problem;
    problem.stage = "assign";
    problem.firms = source.firms();
    problem.advisers = source.advisers();
    problem.eligible = [&](FirmId i, AdviserId j) { return source.eligible(i, j); };
    problem.utility = [&](FirmId i, AdviserId j) { return source.utility(i, j); };
    problem.load = [&](FirmId i, AdviserId j) { return source.load(i, j); };
    problem.firm_name = [&](FirmId i) { return "firm " + std::to_string(rows.row_of(i).value); };
    problem.adviser_name = [&](AdviserId j) {
        return "adviser " + std::to_string(rows.row_of(j).value);
    };
    problem.reason = [&](FirmId i, AdviserId j) { return source.reason(i, j); };
    if (scorer != nullptr) {
        problem.best_choices = [&](const std::vector<std::vector<AdviserId>>& pins) {
            const check::Previous previous(limits, problem.firms, problem.eligible);
            return check::market_choices(*scorer, limits, claim.prices, pins,
                                         claim.certificate.unit, 0, previous.adviser,
                                         claim.change_price, claim.quota_prices);
        };
    }
    const py::gil_scoped_release unlocked;  // every pair is looked at
    check::Verdict verdict;
    check::judge_assignment(problem, limits, claim, verdict);
    return verdict;
}

ProgrammeId programme_named(const Market& market, const std::string& text) {
    for (std::size_t p = 0; p < market.programmes.size(); ++p) {
        if (market.programmes[p].name == text) return ProgrammeId(p);
    }
    throw InputError({Fault::Severity::error, "programmes", -1, "programme", text,
                      "the market has no such programme", "use a name of the table programmes"});
}

}  // namespace

void register_assign(py::module_& m) {
    py::class_<AssignmentResult>(m, "AssignResult")
        .def_property_readonly("pairs", [](const AssignmentResult& r) { return to_array(r.pairs); })
        .def_property_readonly("prices",
                               [](const AssignmentResult& r) { return to_array(r.prices); })
        .def_property_readonly("quota_prices",
                               [](const AssignmentResult& r) { return to_array(r.quota_prices); })
        .def_property_readonly("objective",
                               [](const AssignmentResult& r) { return r.certificate.objective; })
        .def_property_readonly("bound",
                               [](const AssignmentResult& r) { return r.certificate.bound; })
        .def_property_readonly("gap", [](const AssignmentResult& r) { return r.certificate.gap(); })
        .def_property_readonly("unit", [](const AssignmentResult& r) { return r.certificate.unit; })
        .def_property_readonly("seconds",
                               [](const AssignmentResult& r) { return r.certificate.seconds; })
        .def_property_readonly(
            "status",
            [](const AssignmentResult& r) { return std::string(name(r.certificate.status)); })
        .def_property_readonly("blockers",
                               [](const AssignmentResult& r) { return rows_of(r.blockers); })
        .def_property_readonly("relaxation",
                               [](const AssignmentResult& r) { return rows_of(r.relaxation); })
        .def_property_readonly("relaxed_pairs",
                               [](const AssignmentResult& r) { return to_array(r.relaxed_pairs); })
        .def_readonly("changes", &AssignmentResult::changes)
        .def_readonly("forced_changes", &AssignmentResult::forced_changes)
        .def_readonly("change_price", &AssignmentResult::change_price)
        .def_property_readonly("unlimited",
                               [](const AssignmentResult& r) -> std::optional<AssignmentResult> {
                                   if (!r.unlimited) return std::nullopt;
                                   return *r.unlimited;
                               });

    m.def(
        "assign",
        [](std::size_t n, std::size_t k, std::optional<Array<double>> dense,
           std::optional<Sparse> sparse, const std::optional<Array<std::int64_t>>& capacity,
           const std::optional<Array<std::int32_t>>& demand,
           const std::optional<Array<std::int32_t>>& min_demand,
           const std::optional<Array<std::int64_t>>& min_load,
           const std::optional<Array<std::int64_t>>& pinned,
           const std::optional<Array<double>>& hours, std::optional<Array<double>> load,
           const std::vector<QuotaRow>& quotas, const std::optional<Array<double>>& reservation,
           const std::optional<Array<std::int64_t>>& previous,
           std::optional<std::int64_t> max_changes, const std::optional<TeamArrays>& team,
           double gap, bool exact, double unit, std::optional<double> time_limit, unsigned threads,
           std::uint64_t seed, const std::optional<Array<double>>& prices) {
            const Problem p(n, k, std::move(dense), std::move(sparse), capacity, demand, min_demand,
                            min_load, pinned, hours, std::move(load), quotas, reservation, previous,
                            max_changes, team);
            return run(p.source(), p.limits(), gap, exact, unit, time_limit, threads, seed,
                       to_vector(prices));
        },
        py::arg("n"), py::arg("m"), py::arg("dense"), py::arg("sparse"), py::arg("capacity"),
        py::arg("demand"), py::arg("min_demand"), py::arg("min_load"), py::arg("pinned"),
        py::arg("hours"), py::arg("load"), py::arg("quotas"), py::arg("reservation"), py::kw_only(),
        py::arg("previous") = py::none(), py::arg("max_changes") = py::none(),
        py::arg("team") = py::none(), py::arg("gap") = 1e-4, py::arg("exact") = false,
        py::arg("unit") = 1e-6, py::arg("time_limit") = py::none(), py::arg("threads") = 0,
        py::arg("seed") = 0, py::arg("prices") = py::none());
    m.def(
        "verify_assign",
        [](std::size_t n, std::size_t k, std::optional<Array<double>> dense,
           std::optional<Sparse> sparse, const std::optional<Array<std::int64_t>>& capacity,
           const std::optional<Array<std::int32_t>>& demand,
           const std::optional<Array<std::int32_t>>& min_demand,
           const std::optional<Array<std::int64_t>>& min_load,
           const std::optional<Array<std::int64_t>>& pinned,
           const std::optional<Array<double>>& hours, std::optional<Array<double>> load,
           const std::vector<QuotaRow>& quotas, const std::optional<Array<double>>& reservation,
           const std::optional<Array<std::int64_t>>& previous,
           std::optional<std::int64_t> max_changes, const std::optional<TeamArrays>& team,
           const Array<std::int64_t>& pairs, const Array<double>& prices,
           const Array<double>& quota_prices, double objective, double bound, double unit,
           const std::string& status, const Changes& changed, const InfeasibleRows& infeasible) {
            const Problem p(n, k, std::move(dense), std::move(sparse), capacity, demand, min_demand,
                            min_load, pinned, hours, std::move(load), quotas, reservation, previous,
                            max_changes, team);
            return judge(p.source(), p.limits(),
                         claim_of(pairs, prices, quota_prices, objective, bound, unit, status,
                                  changed, infeasible));
        },
        py::arg("n"), py::arg("m"), py::arg("dense"), py::arg("sparse"), py::arg("capacity"),
        py::arg("demand"), py::arg("min_demand"), py::arg("min_load"), py::arg("pinned"),
        py::arg("hours"), py::arg("load"), py::arg("quotas"), py::arg("reservation"), py::kw_only(),
        py::arg("previous") = py::none(), py::arg("max_changes") = py::none(),
        py::arg("team") = py::none(), py::arg("pairs"), py::arg("prices"), py::arg("quota_prices"),
        py::arg("objective"), py::arg("bound"), py::arg("unit"), py::arg("status"),
        py::arg("changed"), py::arg("infeasible"));
    m.def(
        "assign_market",
        [](std::shared_ptr<Market> market, const std::string& programme,
           std::vector<QuotaRow> quotas, std::optional<Array<double>> reservation,
           std::optional<Array<std::int32_t>> min_demand,
           const std::optional<Array<std::int64_t>>& previous,
           std::optional<std::int64_t> max_changes, double gap, bool exact, double unit,
           std::optional<double> time_limit, unsigned threads, std::uint64_t seed,
           const std::optional<Array<double>>& prices) {
            const Scorer scorer(*market, programme_named(*market, programme));
            const Rows rows(*market);
            AssignmentResult found = run(
                MarketSource(scorer, threads),
                market_limits(scorer, rows,
                              {std::move(min_demand), std::move(quotas), std::move(reservation)},
                              previous, max_changes),
                gap, exact, unit, time_limit, threads, seed, rows.inside(to_vector(prices)));
            name_blockers(scorer, found);
            return rows.given(std::move(found));
        },
        py::arg("market"), py::arg("programme"), py::arg("quotas"), py::arg("reservation"),
        py::arg("min_demand"), py::kw_only(), py::arg("previous") = py::none(),
        py::arg("max_changes") = py::none(), py::arg("gap") = 1e-4, py::arg("exact") = false,
        py::arg("unit") = 1e-6, py::arg("time_limit") = py::none(), py::arg("threads") = 0,
        py::arg("seed") = 0, py::arg("prices") = py::none());
    m.def(
        "verify_assign_market",
        [](std::shared_ptr<Market> market, const std::string& programme,
           std::vector<QuotaRow> quotas, std::optional<Array<double>> reservation,
           std::optional<Array<std::int32_t>> min_demand,
           const std::optional<Array<std::int64_t>>& previous,
           std::optional<std::int64_t> max_changes, const Array<std::int64_t>& pairs,
           const Array<double>& prices, const Array<double>& quota_prices, double objective,
           double bound, double unit, const std::string& status, const Changes& changed,
           const InfeasibleRows& infeasible) {
            const Scorer scorer(*market, programme_named(*market, programme));
            const Rows rows(*market);
            return judge(
                MarketSource(scorer),
                market_limits(scorer, rows,
                              {std::move(min_demand), std::move(quotas), std::move(reservation)},
                              previous, max_changes),
                rows.inside(claim_of(pairs, prices, quota_prices, objective, bound, unit, status,
                                     changed, infeasible)),
                rows, &scorer);
        },
        py::arg("market"), py::arg("programme"), py::arg("quotas"), py::arg("reservation"),
        py::arg("min_demand"), py::kw_only(), py::arg("previous") = py::none(),
        py::arg("max_changes") = py::none(), py::arg("pairs"), py::arg("prices"),
        py::arg("quota_prices"), py::arg("objective"), py::arg("bound"), py::arg("unit"),
        py::arg("status"), py::arg("changed"), py::arg("infeasible"));
}

}  // namespace libmatch::python
