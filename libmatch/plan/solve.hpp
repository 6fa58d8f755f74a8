// The whole run: from a market to a proven plan.
//
// Stages, in order: one assignment per programme; grants; dossiers; a lead for each dossier; a
// lender for each dossier and each solo loan; resources. Every stage carries a certificate about
// its own full problem, given the stages before. A stage that is left out leaves its tables empty,
// and later stages see nothing of it. Deterministic for any number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <libmatch/assign/assign.hpp>
#include <libmatch/core/beside.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/fund/grants.hpp>
#include <libmatch/model/dossier_problem.hpp>
#include <libmatch/model/plan.hpp>
#include <libmatch/model/table_reader.hpp>
#include <libmatch/plan/market_blockers.hpp>
#include <libmatch/pool/pool.hpp>
#include <libmatch/retrieve/market_source.hpp>
#include <libmatch/retrieve/matrix_source.hpp>
#include <libmatch/score/dossiers.hpp>
#include <libmatch/score/resources.hpp>

namespace libmatch {

struct SolveOptions {
    double gap = 1e-4;       ///< relative gap of assignments and grants
    double pool_gap = 0.02;  ///< relative gap of dossiers
    bool exact = false;      ///< assignments with gap 0 in units of 1e-6
    unsigned threads = 0;    ///< 0 = all cores; never changes the plan
    std::uint64_t seed = 0;
    std::vector<std::string> stages;  ///< of assign, fund, pool, lead, lend, resources; empty = all
};

inline const std::vector<std::string>& stage_names() {
    static const std::vector<std::string> names{"assign", "fund", "pool",
                                                "lead",   "lend", "resources"};
    return names;
}

/// The limits of a programme: capacities, demands, minimum loads and pins of the market.
[[nodiscard]] inline AssignmentLimits programme_limits(const Scorer& scorer) {
    const Market& market = scorer.market();
    AssignmentLimits limits;
    limits.capacity = market.advisers.capacity;
    limits.min_load = market.advisers.min_load;
    limits.demand = market.firms.demand;
    for (std::size_t j = 0; j < limits.capacity.size(); ++j) {
        // Other networks play no part in this programme.
        if (market.advisers.network[j] != scorer.programme().network)
            limits.capacity[j] = limits.min_load[j] = 0;
    }
    for (const PairNote& note : market.notes) {
        // A pin speaks about the firms that the programme may serve at all.
        if (note.kind == PairKind::pinned && scorer.applies(note) &&
            scorer.firm_rule(note.firm) == Exclusion::none &&
            market.advisers.network[note.adviser] == scorer.programme().network) {
            limits.pinned.push_back({note.firm, note.adviser});
        }
    }
    std::sort(limits.pinned.begin(), limits.pinned.end());
    limits.pinned.erase(std::unique(limits.pinned.begin(), limits.pinned.end()),
                        limits.pinned.end());
    return limits;
}

namespace detail {

class Solver {
  public:
    Solver(const Market& market, const SolveOptions& options, Control& control)
        : market_(market), options_(options), control_(control) {
        assign_options_.gap = options.gap;
        assign_options_.exact = options.exact;
        assign_options_.threads = options.threads;
    }

    Plan solve() {
        check_stages();
        if (wanted("assign")) assign_all();
        if (wanted("fund")) fund();
        if (wanted("pool")) pool_dossiers();
        if (wanted("lead")) lead();
        if (wanted("lend")) lend();
        if (wanted("resources")) recommend();
        return std::move(plan_);
    }

  private:
    void check_stages() const {
        std::vector<Fault> faults;
        for (const std::string& s : options_.stages) {
            if (std::find(stage_names().begin(), stage_names().end(), s) == stage_names().end()) {
                faults.push_back({Fault::Severity::error, "stages", -1, "", s,
                                  "there is no such stage",
                                  "use assign, fund, pool, lead, lend or resources"});
            }
        }
        if (!faults.empty()) throw InputError(std::move(faults));
    }
    [[nodiscard]] bool wanted(const std::string& s) const {
        return options_.stages.empty() || std::find(options_.stages.begin(), options_.stages.end(),
                                                    s) != options_.stages.end();
    }
    /// Time at which the stage starts; all progress is reported under its name.
    double begin(const std::string& name) {
        control_.enter(name);
        control_.report(name, 0);
        return control_.elapsed();
    }
    void certify(const std::string& name, Certificate c, double started) {
        c.seconds = control_.elapsed() - started;
        plan_.certificates.emplace_back(name, c);
        control_.report(name, 1);
    }
    void left_out(const std::string& name, FirmId i, std::string reason, double amount = 0) {
        plan_.unserved.push_back({name, i, std::move(reason), amount});
    }

    // ---- assign ----

    /// What the plan takes over from the assignment of one programme.
    struct Part {
        std::string name;
        AssignmentResult result;
        std::vector<Assigned> assignments;
        std::vector<Unserved> unserved;
        PairsSeen seen;
    };

    /// Programmes that wait for none of each other run side by side: what one thread does in one
    /// of them leaves room for the others.
    void assign_all() {
        for (std::size_t p = 0; p < market_.programmes.size();) {
            std::size_t end = p + 1;
            const auto waits = [&](std::size_t q) {
                const ProgrammeId after = market_.programmes[q].after;
                return after.known() && after.value >= p;
            };
            if (thread_count(options_.threads) > 1) {
                while (end < market_.programmes.size() && !waits(end)) ++end;
            }
            assign_together(p, end);
            p = end;
        }
    }
    void assign_together(std::size_t first, std::size_t end) {
        std::vector<Part> parts(end - first);
        std::vector<std::unique_ptr<Beside>> others;
        for (std::size_t p = first + 1; p < end; ++p) {
            others.push_back(std::make_unique<Beside>(control_, [&, p](Control& control) {
                parts[p - first] = assign_programme(ProgrammeId(p), control);
            }));
        }
        begin(stage::assign(market_.programmes[first]));
        parts[0] = assign_programme(ProgrammeId(first), control_);
        for (std::size_t k = 0; k < others.size(); ++k) {
            const std::string name = stage::assign(market_.programmes[first + 1 + k]);
            begin(name);
            others[k]->wait(control_, name);
            control_.report(name, 1);
        }
        for (Part& part : parts) take(std::move(part));
    }
    void take(Part part) {
        plan_.assignments.insert(plan_.assignments.end(), part.assignments.begin(),
                                 part.assignments.end());
        std::move(part.unserved.begin(), part.unserved.end(), std::back_inserter(plan_.unserved));
        AssignmentResult& result = part.result;
        if (result.certificate.status == Status::infeasible) {
            plan_.blockers[part.name] = std::move(result.blockers);
            plan_.relaxations[part.name] = std::move(result.relaxation);
            plan_.relaxed_pairs[part.name] = std::move(result.relaxed_pairs);
        }
        plan_.prices[part.name] = std::move(result.prices);
        plan_.seen[part.name] = part.seen;
        plan_.certificates.emplace_back(std::move(part.name), result.certificate);
    }

    [[nodiscard]] Part assign_programme(ProgrammeId p, Control& control) const {
        const Programme& programme = market_.programmes[p];
        const double started = control.elapsed();
        Part part;
        part.name = stage::assign(programme);
        const Scorer scorer(market_, p,
                            programme.after.known() ? reached_by(market_, plan_, programme.after)
                                                    : std::vector<std::uint8_t>{});
        const MarketSource source(scorer, options_.threads);
        const AssignmentLimits limits = programme_limits(scorer);
        part.result = assign(source, limits, assign_options_, control);
        std::vector<std::uint8_t> served(market_.firms.size(), 0);
        part.assignments.reserve(part.result.pairs.size());
        for (const Pair& pair : part.result.pairs) {
            const ScoreTerms t = scorer.terms(pair.firm, pair.adviser);
            const bool pinned =
                std::binary_search(limits.pinned.begin(), limits.pinned.end(), pair);
            part.assignments.push_back({p, pair.firm, pair.adviser, t.score, t.coverage,
                                        t.proximity, t.trust, t.bonus,
                                        market_.distance_km(market_.firms.place[pair.firm],
                                                            market_.advisers.place[pair.adviser]),
                                        pinned});
            served[pair.firm] = 1;
        }
        explain_unserved(scorer, source, served, part);
        if (part.result.certificate.status == Status::infeasible)
            name_blockers(scorer, part.result);
        part.seen = source.seen();
        part.result.certificate.seconds = control.elapsed() - started;
        control.report(part.name, 1);
        return part;
    }

    void explain_unserved(const Scorer& scorer, const MarketSource& source,
                          const std::vector<std::uint8_t>& served, Part& part) const {
        std::vector<FirmId> open;
        for (std::size_t i = 0; i < market_.firms.size(); ++i) {
            const FirmId firm(i);
            if (served[i] == 0 && scorer.firm_rule(firm) == Exclusion::none) open.push_back(firm);
        }
        CandidateLists top(market_.firms.size(), 1);
        const Control gather_all;
        source.best(open, std::vector<double>(market_.advisers.size(), 0.0), top, options_.threads,
                    gather_all);
        for (const FirmId i : open) {
            std::string reason;
            if (top.of(i).empty()) {
                reason = "no adviser is eligible";
            } else if (part.result.certificate.status == Status::infeasible) {
                reason = "the minimums of the programme contradict each other";
            } else {
                reason = "every eligible adviser is fully used by firms that gain more; the best, ";
                reason += market_.advisers.id[top.of(i)[0].adviser];
            }
            part.unserved.push_back({part.name, i, std::move(reason), 0});
        }
    }

    // ---- fund ----

    void fund() {
        const double started = begin(stage::fund);
        const Settings& s = market_.settings;
        const auto reached = s.funding_after.known()
                                 ? reached_by(market_, plan_, s.funding_after)
                                 : std::vector<std::uint8_t>(market_.firms.size(), 1);
        for (std::size_t i = 0; i < market_.firms.size(); ++i) {
            if (reached[i] != 0 && market_.firms.cost_eur[i] > 0) seekers_.emplace_back(i);
        }
        std::vector<WordSet> labels(market_.firms.size(), 0);
        for (const Assigned& a : plan_.assignments)
            labels[a.firm] |= market_.advisers.labels[a.adviser];
        GrantResult result = grant(market_, seekers_, labels, assign_options_, control_);
        plan_.grants = std::move(result.grants);
        plan_.prices[stage::fund] = std::move(result.prices);
        Certificate c = result.certificate;
        c.status = control_.stop() ? control_.stop_status() : status_for(c.gap(), options_.gap);
        certify(stage::fund, c, started);
    }

    [[nodiscard]] std::vector<double> residuals() const {
        std::vector<double> residual(market_.firms.size(), 0.0);
        for (const FirmId i : seekers_)
            residual[i] = market_.firms.cost_eur[i] - market_.firms.own_funds_eur[i];
        for (const Grant& g : plan_.grants) residual[g.firm] -= g.amount_eur;
        return residual;
    }

    /// The smallest amount that a lender takes from one firm alone.
    [[nodiscard]] double solo_ticket() const {
        double ticket = HUGE_VAL;
        for (const Lender& l : market_.lenders) ticket = std::min(ticket, l.min_ticket_eur);
        return ticket;
    }

    // ---- pool ----

    void pool_dossiers() {
        const double started = begin(stage::pool);
        constexpr double cent = 0.01;
        const std::vector<double> residual = residuals();
        std::vector<FirmId> firms;
        std::vector<double> amounts;
        for (const FirmId i : seekers_) {
            if (residual[i] < cent || residual[i] >= solo_ticket()) continue;
            if (market_.firms.consents_pooling[i] == 0) {
                left_out(stage::pool, i, "the firm does not consent to pooling");
                continue;
            }
            firms.push_back(i);
            amounts.push_back(residual[i]);
        }
        std::vector<double> prices(market_.firms.size(), 0.0);
        Certificate c;
        if (!market_.dossier_rules.empty() && !firms.empty()) {
            const PoolProblem problem = dossier_problem(market_, firms, amounts);
            PoolOptions options;
            options.gap = options_.pool_gap;
            options.seed = options_.seed;
            options.max_rounds = pool_rounds;
            options.threads = options_.threads;
            const PoolResult result = libmatch::pool(problem, options, control_);
            for (const PoolGroup& g : result.groups) add_dossier(problem, g, firms);
            for (std::size_t k = 0; k < firms.size(); ++k) {
                prices[firms[k]] = result.prices[k];
                if (result.reasons[k] == PoolReason::pooled) continue;
                std::string reason = name(result.reasons[k]);
                if (result.missing[k] > 0) {
                    reason += "; missing " + number_text(std::ceil(result.missing[k])) + " EUR";
                }
                left_out(stage::pool, firms[k], std::move(reason), amounts[k]);
            }
            c = result.certificate;
        } else {
            for (std::size_t k = 0; k < firms.size(); ++k) {
                left_out(stage::pool, firms[k], "there is no dossier rule", amounts[k]);
            }
        }
        withdraw_collective_grants();
        plan_.prices[stage::pool] = std::move(prices);
        certify(stage::pool, c, started);
    }

    void add_dossier(const PoolProblem& problem, const PoolGroup& g,
                     const std::vector<FirmId>& firms) {
        Dossier d;
        d.rule = RuleId(g.rule);
        d.seat = firms[g.seat];
        const DossierRule& rule = problem.rules[g.rule].rule;
        Sum sum, value;
        value.add(-rule.opening_cost);
        for (const FirmId k : g.members) {
            const double away =
                market_.distance_km(market_.firms.place[firms[k]], market_.firms.place[d.seat]);
            d.members.push_back({firms[k], problem.amount[k], away});
            sum.add(problem.amount[k]);
            value.add(problem.value_of(k) - rule.cost_per_km * away);
        }
        d.sum_eur = sum.value();
        d.value = value.value();
        plan_.dossiers.push_back(std::move(d));
    }

    /// Grants of collective schemes need a dossier. The budget set free is not granted again, and
    /// the gap shows it.
    void withdraw_collective_grants() {
        std::vector<std::uint8_t> pooled(market_.firms.size(), 0);
        for (const Dossier& d : plan_.dossiers) {
            for (const DossierMember& m : d.members) pooled[m.firm] = 1;
        }
        std::erase_if(plan_.grants, [&](const Grant& g) {
            return market_.schemes[g.scheme].collective_only && pooled[g.firm] == 0;
        });
        for (auto& [name, c] : plan_.certificates) {
            if (name != stage::fund) continue;
            ExactSum total;
            for (const Grant& g : plan_.grants) total.add(g.amount_eur);
            c.objective = total.down();
            if (c.status == Status::optimal || c.status == Status::within_gap) {
                c.status = status_for(c.gap(), options_.gap);
            }
        }
    }

    // ---- lead and lend: the same assignment engine ----

    /// A sparse problem built row by row.
    struct Rows {
        std::vector<std::int64_t> begin{0};
        std::vector<std::uint32_t> column;
        std::vector<double> value;
        void end_row() { begin.push_back(static_cast<std::int64_t>(column.size())); }
    };

    AssignmentResult assign_rows(const std::string& name, const Rows& rows,
                                 std::vector<std::int64_t> capacity, double started) {
        AssignmentLimits limits;
        limits.capacity = std::move(capacity);
        const SparseSource source(limits.capacity.size(), rows.begin, rows.column, rows.value);
        AssignmentOptions options = assign_options_;
        options.exact = true;  // these problems are small: a gap would save nothing
        AssignmentResult result = assign(source, limits, options, control_);
        plan_.prices[name] = result.prices;
        certify(name, result.certificate, started);
        return result;
    }

    void lead() {
        const double started = begin(stage::lead);
        const auto advisers = advisers_of_firms(market_, plan_);
        Rows rows;
        for (const Dossier& d : plan_.dossiers) {
            const PlaceId seat = market_.firms.place[d.seat];
            for (std::size_t j = 0; j < market_.advisers.size(); ++j) {
                const AdviserId adviser(j);
                if (!may_lead(market_, seat, adviser)) continue;
                rows.column.push_back(adviser.value);
                rows.value.push_back(
                    lead_utility(market_, seat, known_share(advisers, d, adviser), adviser));
            }
            rows.end_row();
        }
        const auto result =
            assign_rows(stage::lead, rows, market_.advisers.dossier_capacity, started);
        for (const Pair& p : result.pairs) plan_.dossiers[p.firm].lead = p.adviser;
    }

    static double known_share(const std::vector<std::vector<AdviserId>>& advisers, const Dossier& d,
                              AdviserId j) {
        std::size_t known = 0;
        for (const DossierMember& m : d.members) {
            const auto& of_firm = advisers[m.firm];
            known += std::find(of_firm.begin(), of_firm.end(), j) != of_firm.end() ? 1 : 0;
        }
        return static_cast<double>(known) / static_cast<double>(d.members.size());
    }

    void lend() {
        const double started = begin(stage::lend);
        std::vector<Loan> wanted_loans;
        std::vector<std::uint8_t> pooled(market_.firms.size(), 0);
        for (std::size_t d = 0; d < plan_.dossiers.size(); ++d) {
            wanted_loans.push_back({DossierId(d), FirmId(), LenderId(), plan_.dossiers[d].sum_eur});
            for (const DossierMember& m : plan_.dossiers[d].members) pooled[m.firm] = 1;
        }
        const std::vector<double> residual = residuals();
        for (const FirmId i : seekers_) {
            if (pooled[i] == 0 && residual[i] >= solo_ticket()) {
                wanted_loans.push_back({DossierId(), i, LenderId(), residual[i]});
            }
        }
        Rows rows;
        for (const Loan& loan : wanted_loans) {
            const FirmId at = loan.firm.known() ? loan.firm : plan_.dossiers[loan.dossier].seat;
            for (std::size_t l = 0; l < market_.lenders.size(); ++l) {
                if (!may_lend(market_, market_.firms.place[at], loan.amount_eur,
                              market_.lenders[l]))
                    continue;
                rows.column.push_back(static_cast<std::uint32_t>(l));
                rows.value.push_back(lend_utility(market_.lenders[l]));
            }
            rows.end_row();
        }
        std::vector<std::int64_t> capacity;
        for (const Lender& l : market_.lenders) capacity.push_back(l.capacity);
        const auto result = assign_rows(stage::lend, rows, std::move(capacity), started);
        for (const Pair& p : result.pairs) {
            Loan loan = wanted_loans[p.firm];
            loan.lender = LenderId(p.adviser.value);
            if (loan.dossier.known()) plan_.dossiers[loan.dossier].lender = loan.lender;
            plan_.loans.push_back(loan);
        }
        std::vector<std::uint8_t> lent(wanted_loans.size(), 0);
        for (const Pair& p : result.pairs) lent[p.firm] = 1;
        for (std::size_t k = 0; k < wanted_loans.size(); ++k) {
            const Loan& loan = wanted_loans[k];
            if (lent[k] == 0 && loan.firm.known()) {
                left_out(stage::lend, loan.firm, "no lender with room takes this amount here",
                         loan.amount_eur);
            }
        }
    }

    // ---- resources ----

    void recommend() {
        const double started = begin(stage::resources);
        const auto advisers = advisers_of_firms(market_, plan_);
        const auto most = static_cast<std::size_t>(market_.settings.resources_per_firm);
        const std::size_t n = market_.firms.size();
        std::vector<std::vector<Recommendation>> found(n);
        parallel_chunks(n, 512, options_.threads, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end && !control_.stop(); ++i) {
                found[i] = best_resources(FirmId(i), advisers[i], most);
            }
        });
        Certificate c;
        Sum total;
        for (const auto& list : found) {
            for (const Recommendation& r : list) {
                total.add(r.score);
                plan_.resources.push_back(r);
            }
        }
        // Every resource was looked at for every firm, so the objective is its own bound.
        c.objective = c.bound = total.value();
        if (control_.stop()) {
            c.status = control_.stop_status();
            c.bound = static_cast<double>(n * most);
        }
        certify(stage::resources, c, started);
    }

    [[nodiscard]] std::vector<Recommendation> best_resources(FirmId i,
                                                             const std::vector<AdviserId>& advisers,
                                                             std::size_t most) const {
        const Eigen::ArrayXf unmet = unmet_need(market_, i, advisers);
        std::vector<Recommendation> list;
        for (std::size_t r = 0; r < market_.resources.size(); ++r) {
            const ResourceId resource(r);
            if (!serves(market_, resource, i)) continue;
            const double score = usefulness(market_, i, unmet, resource);
            if (score > 0) list.push_back({i, 0, resource, score});
        }
        std::stable_sort(list.begin(), list.end(),
                         [](const auto& a, const auto& b) { return a.score > b.score; });
        if (list.size() > most) list.resize(most);
        for (std::size_t k = 0; k < list.size(); ++k) list[k].rank = static_cast<int>(k) + 1;
        return list;
    }

    /// A country of dossiers in seconds: later rounds bring little.
    static constexpr int pool_rounds = 60;

    const Market& market_;
    const SolveOptions& options_;
    Control& control_;
    AssignmentOptions assign_options_;
    Plan plan_;
    std::vector<FirmId> seekers_;
};

}  // namespace detail

/// Solves the stages. Throws InputError for unknown stages only; infeasible, stopped and cancelled
/// are values.
[[nodiscard]] inline Plan solve(const Market& market, const SolveOptions& options,
                                Control& control) {
    return detail::Solver(market, options, control).solve();
}

}  // namespace libmatch
