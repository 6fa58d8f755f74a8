// Assignments of an earlier plan, matched by id to the market of today.
//
// Firms, advisers and programmes may be gone since: their rows are passed over and counted. What is
// new has no earlier pair, and an adviser who is new has the price 0. Complexity: linear in the
// rows, plus sorting. Deterministic.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include <libmatch/model/plan.hpp>
#include <libmatch/model/table_reader.hpp>

namespace libmatch {

struct PreviousPlan {
    std::map<std::string, std::vector<Pair>> pairs;  ///< by stage; sorted, distinct
    /// Prices of advisers by stage, from 0; absent where the earlier plan has none that are worth
    /// beginning at.
    std::map<std::string, std::vector<double>> prices;
    std::size_t gone = 0;  ///< rows of pairs that name what the market lacks
};

namespace detail {

inline void sort_pairs(PreviousPlan& previous) {
    for (auto& [name, pairs] : previous.pairs) {
        std::sort(pairs.begin(), pairs.end());
        pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
    }
}

}  // namespace detail

/// The market's own table `previous`.
[[nodiscard]] inline PreviousPlan previous_of(const Market& market) {
    PreviousPlan out;
    for (const PreviousPair& row : market.previous) {
        for (std::size_t p = 0; p < market.programmes.size(); ++p) {
            const Programme& programme = market.programmes[p];
            const bool meant = row.programme.known()
                                   ? row.programme == ProgrammeId(p)
                                   : programme.network == market.advisers.network[row.adviser];
            if (meant) out.pairs[stage::assign(programme)].push_back({row.firm, row.adviser});
        }
    }
    detail::sort_pairs(out);
    return out;
}

/// The tables assignments, certificates and prices of an earlier plan, as plan_tables() or
/// Plan.save write them. Throws InputError for tables without the columns that name a pair.
[[nodiscard]] inline PreviousPlan previous_from_tables(const Market& market, const Tables& tables) {
    PreviousPlan out;
    std::vector<Fault> faults;
    std::set<std::string> stages;
    for (const Programme& p : market.programmes) stages.insert(stage::assign(p));

    TableReader in(tables, "assignments", faults);
    const auto *programme = in.required_text("programme"), *firm = in.required_text("firm_id"),
               *adviser = in.required_text("adviser_id");
    for (std::size_t r = 0; faults.empty() && r < in.rows(); ++r) {
        const std::string name = "assign:" + std::string((*programme)[r]);
        const auto i = market.firm_index.find(std::string((*firm)[r]));
        const auto j = market.adviser_index.find(std::string((*adviser)[r]));
        if (stages.count(name) == 0 || i == market.firm_index.end() ||
            j == market.adviser_index.end()) {
            ++out.gone;
            continue;
        }
        out.pairs[name].push_back({FirmId(i->second), AdviserId(j->second)});
    }
    if (!faults.empty()) throw InputError(std::move(faults));
    detail::sort_pairs(out);

    // Prices of an infeasible stage are a proof, and nothing to begin at.
    TableReader certificates(tables, "certificates", faults);
    const auto *of = certificates.text("stage"), *status = certificates.text("status");
    for (std::size_t r = 0; of != nullptr && status != nullptr && r < certificates.rows(); ++r) {
        const std::string name((*of)[r]);
        if (stages.count(name) != 0 && (*status)[r] != "infeasible")
            out.prices[name].assign(market.advisers.size(), 0.0);
    }
    TableReader prices(tables, "prices", faults);
    const auto *stage_name = prices.text("stage"), *kind = prices.text("kind"),
               *id = prices.text("id");
    const auto price = prices.numbers("price", 0, {});
    for (std::size_t r = 0;
         stage_name != nullptr && kind != nullptr && id != nullptr && r < prices.rows(); ++r) {
        const auto at = out.prices.find(std::string((*stage_name)[r]));
        const auto j = market.adviser_index.find(std::string((*id)[r]));
        if (at == out.prices.end() || (*kind)[r] != "adviser" || j == market.adviser_index.end())
            continue;
        at->second[j->second] = std::max(0.0, price[r]);
    }
    return out;
}

}  // namespace libmatch
