// What the searches of small and large components share: bound, plan, and the dive from prices to
// groups.
//
// The dive fixes groups by their share in the relaxed optimum and prices the firms that are left in
// between. Anytime: the best plan and the best proven prices are kept as they come. Deterministic
// for any number of threads, unless a time limit or a cancel ends the work.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/pool/columns.hpp>
#include <libmatch/pool/master_rows.hpp>
#include <libmatch/pool/packing.hpp>
#include <libmatch/pool/pricing.hpp>
#include <libmatch/pool/reach.hpp>

namespace libmatch::detail {

struct SearchSettings {
    double gap = 0.01;
    unsigned threads = 1;
    int max_rounds = 200;
    double floor = 1e-10;       ///< reduced values below are rounding
    long search_nodes = 60;     ///< per seat, while prices still move
    long proof_nodes = 2000;    ///< per seat, for prices that are kept
    int branch_nodes = 100;     ///< per small component with a gap
    double branch_gap = 0.001;  ///< a gap below is not branched on
    long walk_steps = 20000;    ///< per seat, when groups are listed before branching
    std::size_t most_groups = 20000;
};

/// What one component contributes.
struct ComponentAnswer {
    Columns plan;
    std::vector<double> prices;  ///< by position in the component's firms, then its sites
    double bound = 0;
    double objective = 0;
};

/// Prices that no group beats, without any search: each firm asks for the most it can bring under
/// any rule. What a rule pays for a group is shared by heads, or by the amounts of which a group
/// needs a sum, whichever asks for less in all.
[[nodiscard]] inline std::vector<double> safe_prices(const Board& board, const Component& part) {
    const PoolProblem& problem = board.problem();
    std::vector<double> prices(part.firms.size(), 0);
    std::vector<double> by_amount(part.firms.size()), by_heads(part.firms.size());
    for (const Board::Rule& rule : board.rules()) {
        const bool pays = rule.opening < 0;
        const double per_head = -rule.opening / static_cast<double>(pays ? rule.least : rule.most);
        const double per_amount = pays && rule.lowest > 0 ? -rule.opening / rule.lowest : HUGE_VAL;
        Sum heads, amounts;
        for (std::size_t k = 0; k < part.firms.size(); ++k) {
            const FirmId i = part.firms[k];
            const bool may = rule.spot_of[i] != Board::none;
            by_heads[k] = may ? std::max(0.0, problem.value_of(i) + per_head) : 0;
            by_amount[k] =
                may ? std::max(0.0, problem.value_of(i) + per_amount * problem.amount[i]) : 0;
            heads.add(by_heads[k]);
            amounts.add(by_amount[k]);
        }
        const std::vector<double>& asked = amounts.value() < heads.value() ? by_amount : by_heads;
        for (std::size_t k = 0; k < asked.size(); ++k) prices[k] = std::max(prices[k], asked[k]);
    }
    prices.resize(prices.size() + part.sites.size(), 0.0);
    return prices;
}

class SearchBase {
  public:
    SearchBase(const Board& board, const Component& part, const SearchSettings& settings,
               Workspace& space, const Control& control)
        : board_(board), part_(part), settings_(settings), space_(space), control_(control) {}

  protected:
    /// How a dive goes: what is fixed at once, and how often the rest is priced again.
    struct DivePace {
        double sure = 0.999;  ///< shares from here on are all fixed
        double part = 0;      ///< at least this part of the groups with a share is fixed per step
        int rounds = 20;
    };

    /// What prices of the component's rows bound.
    [[nodiscard]] double total(const std::vector<double>& prices) const {
        Sum sum;
        const std::size_t firms = part_.firms.size();
        for (std::size_t k = 0; k < firms; ++k) sum.add(prices[k]);
        for (std::size_t k = 0; k < part_.sites.size(); ++k)
            sum.add(prices[firms + k] * space_.room[part_.sites[k]]);
        return sum.value();
    }

    /// The rows of a master over some firms and all sites, less what a packing has taken.
    [[nodiscard]] MasterRows rows_for(const std::vector<FirmId>& firms,
                                      const Packing* taken = nullptr) {
        MasterRows rows{&board_, &space_.row_of, std::vector<double>(firms.size(), 1.0)};
        number_rows(firms);
        for (const std::uint32_t s : part_.sites)
            rows.room.push_back(space_.room[s] - (taken != nullptr ? taken->used(s) : 0));
        return rows;
    }

    void begin() {
        best_.prices = safe_prices(board_, part_);
        best_.bound = total(best_.prices);
        for (const FirmId i : part_.firms) space_.active[i] = 1;
    }

    [[nodiscard]] bool closed(double gap) const {
        const double rounding = settings_.floor * static_cast<double>(1 + part_.firms.size());
        return best_.bound - best_.objective <= gap * std::fabs(best_.bound) + rounding;
    }

    /// Groups by greed and local search, and prices by which their members share what a group
    /// brings.
    void start(int sweeps) {
        Packing packing(board_, space_);
        packing.open_from_outside(part_.firms, part_.seats, settings_.threads, control_);
        packing.improve(part_.firms, part_.seats, sweeps, settings_.threads, control_);
        keep(packing);
        for (const FirmId i : part_.firms) space_.prices[i] = 0;
        for (const std::uint32_t s : part_.sites) space_.prices[board_.firms() + s] = 0;
        for (const Packing::Group& g : packing.groups()) {
            if (g.seat == Board::none) continue;
            columns_.add(g.seat, g.value, g.members);
            for (const FirmId i : g.members) {
                space_.prices[i] = std::max(0.0, g.value / static_cast<double>(g.members.size()));
            }
        }
    }

    [[nodiscard]] std::vector<double> prices_of(const std::vector<FirmId>& firms) const {
        std::vector<double> prices;
        for (const FirmId i : firms) prices.push_back(space_.prices[i]);
        for (const std::uint32_t s : part_.sites)
            prices.push_back(space_.prices[board_.firms() + s]);
        return prices;
    }

    void set_prices(const std::vector<FirmId>& firms, const std::vector<double>& prices) {
        for (std::size_t k = 0; k < firms.size(); ++k)
            space_.prices[firms[k]] = std::max(0.0, prices[k]);
        for (std::size_t k = 0; k < part_.sites.size(); ++k)
            space_.prices[board_.firms() + part_.sites[k]] =
                std::max(0.0, prices[firms.size() + k]);
    }

    /// Keeps the packing if it is the best so far.
    void keep(const Packing& packing) {
        const double value = packing.value();
        if (value <= best_.objective) return;
        best_.objective = value;
        best_.plan = Columns();
        for (const Packing::Group& g : packing.groups()) {
            if (g.seat != Board::none) best_.plan.add(g.seat, g.value, g.members);
        }
    }

    /// Makes the workspace's prices feasible and keeps them if they bound better. Groups met join
    /// `met`. False if stopped first. Seats are proven up to the floor, which is then paid for by
    /// all, twice: once more for the rounding of the proof itself.
    bool prove(long nodes, Columns* met) {
        if (!repair(board_, part_.seats, space_.prices, space_.active, part_.firms, settings_.floor,
                    nodes, settings_.threads, control_, met)) {
            return false;
        }
        std::size_t least = board_.rules().front().least;
        for (const Board::Rule& rule : board_.rules()) least = std::min(least, rule.least);
        for (const FirmId i : part_.firms) {
            space_.prices[i] += 2 * settings_.floor / static_cast<double>(least);
        }
        std::vector<double> prices = prices_of(part_.firms);
        const double bound = total(prices);
        if (bound < best_.bound) {
            best_.bound = bound;
            best_.prices = std::move(prices);
        }
        return true;
    }

    void number_rows(const std::vector<FirmId>& firms) {
        for (std::uint32_t r = 0; r < firms.size(); ++r) space_.row_of[firms[r]] = r;
        for (std::uint32_t k = 0; k < part_.sites.size(); ++k) {
            space_.row_of[board_.firms() + part_.sites[k]] =
                static_cast<std::uint32_t>(firms.size()) + k;
        }
    }

    /// Prices all seats; adds the groups that are worth more than their members' prices. Returns
    /// their number.
    std::size_t price(Columns& columns, long nodes, bool& unsettled) {
        const auto found =
            violations(board_, part_.seats, space_.prices, space_.active, part_.firms,
                       settings_.floor, nodes, settings_.threads, control_);
        std::size_t added = 0;
        unsettled = !found.empty();
        for (const Violation& v : found) {
            if (!v.members.empty() &&
                columns.add(v.seat, group_value(board_, v.seat, v.members), v.members))
                ++added;
        }
        return added;
    }

    [[nodiscard]] bool all_active(std::span<const FirmId> members) const {
        return std::all_of(members.begin(), members.end(),
                           [&](FirmId i) { return space_.active[i] != 0; });
    }

    /// Fills a packing from the shares of a solved master. Prices of the workspace are left as they
    /// were.
    template <class Master>
    void dive(const Master& solved, const DivePace& pace, Packing& packing) {
        const std::vector<double> prices = prices_of(part_.firms);
        std::vector<FirmId> firms = part_.firms;
        std::vector<std::pair<double, std::uint32_t>> shares;
        const auto read_shares = [&](const Master& master) {
            shares.clear();
            master.each_share(
                [&](std::uint32_t g, double share) { shares.emplace_back(-share, g); });
            std::sort(shares.begin(), shares.end());
        };
        read_shares(solved);
        Columns columns = columns_;
        while (!control_.stop()) {
            const auto least =
                1 + static_cast<std::size_t>(pace.part * static_cast<double>(shares.size()));
            std::size_t fixed = 0;
            for (const auto& [share, g] : shares) {
                if (fixed >= least && -share < pace.sure) break;
                const auto members = columns.members(g);
                if (!all_active(members) || !packing.has_session(columns.seat(g))) continue;
                packing.open(columns.seat(g), members);
                for (const FirmId i : members) space_.active[i] = 0;
                ++fixed;
            }
            if (fixed == 0) break;
            std::erase_if(firms, [&](FirmId i) { return !space_.active[i]; });
            if (firms.empty()) break;
            columns.filter([&](std::size_t g) { return all_active(columns.members(g)); });
            Master master(rows_for(firms, &packing), columns);
            master.start_at(prices_of(firms));
            for (int round = 0; round < pace.rounds; ++round) {
                if (!master.solve(control_)) break;
                set_prices(firms, master.prices());
                bool unsettled = false;
                if (round + 1 == pace.rounds ||
                    price(columns, settings_.search_nodes, unsettled) == 0)
                    break;
            }
            read_shares(master);
        }
        for (const FirmId i : part_.firms) space_.active[i] = 1;
        set_prices(part_.firms, prices);
    }

    const Board& board_;
    const Component& part_;
    SearchSettings settings_;
    Workspace& space_;
    const Control& control_;
    Columns columns_;
    ComponentAnswer best_;
};

}  // namespace libmatch::detail
