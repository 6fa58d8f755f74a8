// One component of a pooling problem: prices that prove a bound, and groups that come near it.
//
// Method: column generation. A master over the groups found so far gives prices; pricing all seats
// at these prices finds groups that are worth more, or proves that none is. Repaired prices bound
// every plan. Groups are then fixed by their share in the relaxed optimum (a dive that prices what
// is left), bettered by local search, and replaced by the exact optimum where the component is tiny
// and a gap is left. Complexity: rounds x (master + one pricing of all seats). Anytime: stopped
// work leaves the best groups and prices. Deterministic for any number of threads, unless a time
// limit or a cancel ends it. Source: L. A. Wolsey, "Integer Programming", 1998, ch. 11; C. Barnhart
// et al., "Branch-and-price", 1998.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/pool/columns.hpp>
#include <libmatch/pool/first_order_master.hpp>
#include <libmatch/pool/packing.hpp>
#include <libmatch/pool/partition.hpp>
#include <libmatch/pool/pricing.hpp>
#include <libmatch/pool/reach.hpp>
#include <libmatch/pool/simplex_master.hpp>

namespace libmatch::detail {

/// Firms up to which the master is solved exactly.
inline constexpr std::size_t simplex_limit = 300;

struct SearchSettings {
    double gap = 0.01;
    unsigned threads = 1;
    int max_rounds = 200;
    double floor = 1e-10;     ///< reduced values below are rounding
    long search_nodes = 60;   ///< while prices still move
    long proof_nodes = 2000;  ///< for prices that are kept
};

/// What one component contributes.
struct ComponentAnswer {
    Columns plan;
    std::vector<double> prices;  ///< by position in the component's firms
    double bound = 0;
    double objective = 0;
};

/// Prices that no group beats, without any search: each firm asks for the most it can bring under
/// any rule.
[[nodiscard]] inline std::vector<double> safe_prices(const Board& board, const Component& part) {
    std::vector<double> prices;
    for (const FirmId i : part.firms) {
        double most = 0;
        for (const Board::Rule& rule : board.rules()) {
            if (rule.spot_of[i] == Board::none) continue;
            const double members = static_cast<double>(rule.opening >= 0 ? rule.most : rule.least);
            most = std::max(most, board.problem().value_of(i) - rule.opening / members);
        }
        prices.push_back(most);
    }
    return prices;
}

template <class Master>
class ComponentSearch {
  public:
    ComponentSearch(const Board& board, const Component& part, const SearchSettings& settings,
                    Workspace& space, const Control& control)
        : board_(board), part_(part), settings_(settings), space_(space), control_(control) {}

    /// tick(done in [0, 1]) is called between steps.
    template <class Tick>
    ComponentAnswer run(const Tick& tick) {
        best_.prices = safe_prices(board_, part_);
        best_.bound = total(best_.prices);
        for (const FirmId i : part_.firms) space_.active[i] = 1;
        start();
        tick(0.05);
        for (int round = 0; round < settings_.max_rounds && !control_.stop() && !closed();) {
            round = generate(round, tick);
            if (!control_.stop()) dive();
            if (exact_prices_) break;
        }
        if (part_.firms.size() <= partition_limit &&
            best_.bound - best_.objective > settings_.floor)
            finish_small();
        tick(1.0);
        return std::move(best_);
    }

  private:
    static constexpr bool rough = std::is_same_v<Master, FirstOrderMaster>;

    [[nodiscard]] static double total(const std::vector<double>& prices) {
        Sum sum;
        for (const double p : prices) sum.add(p);
        return sum.value();
    }

    [[nodiscard]] bool closed() const {
        return best_.bound - best_.objective <=
               (rough ? settings_.gap : 0.0) * std::fabs(best_.bound) + 1e-12;
    }

    /// Groups by greed and local search, and prices by which their members share what the group
    /// brings.
    void start() {
        Packing packing(board_, space_);
        packing.open_from_outside(part_.firms, part_.seats, settings_.threads, control_);
        packing.improve(part_.firms, part_.seats, 8, settings_.threads, control_);
        keep(packing);
        for (const FirmId i : part_.firms) space_.prices[i] = 0;
        for (const Packing::Group& g : packing.groups()) {
            if (g.seat == Board::none) continue;
            columns_.add(g.seat, g.value, g.members);
            for (const FirmId i : g.members) {
                space_.prices[i] = std::max(0.0, g.value / static_cast<double>(g.members.size()));
            }
        }
        start_prices_ = prices_by_position();
        if (rough) prove();
    }

    [[nodiscard]] std::vector<double> prices_by_position() const {
        std::vector<double> prices;
        for (const FirmId i : part_.firms) prices.push_back(space_.prices[i]);
        return prices;
    }

    /// Keeps the packing if it is the best so far.
    void keep(const Packing& packing) {
        const double value = packing.value();
        if (value <= best_.objective + 1e-12 && best_.plan.size() > 0) return;
        if (value <= best_.objective) return;
        best_.objective = value;
        best_.plan = Columns();
        for (const Packing::Group& g : packing.groups()) {
            if (g.seat != Board::none) best_.plan.add(g.seat, g.value, g.members);
        }
    }

    /// Makes the workspace's prices feasible and keeps them if they bound better.
    void prove() {
        if (!repair(board_, part_.seats, space_.prices, space_.active, settings_.floor,
                    settings_.proof_nodes, settings_.threads, control_)) {
            return;
        }
        std::vector<double> prices = prices_by_position();
        const double bound = total(prices);
        if (bound < best_.bound) {
            best_.bound = bound;
            best_.prices = std::move(prices);
        }
    }

    void number_rows(const std::vector<FirmId>& firms) {
        for (std::uint32_t r = 0; r < firms.size(); ++r) space_.row_of[firms[r]] = r;
    }

    /// Sets the workspace's prices from a master's, for its rows.
    void take_prices(const Master& master, const std::vector<FirmId>& firms) {
        for (std::size_t r = 0; r < firms.size(); ++r)
            space_.prices[firms[r]] = std::max(0.0, master.prices()[r]);
    }

    /// Prices all seats; adds the groups that are worth more than their members' prices. Returns
    /// their number.
    std::size_t price(Columns& columns, long nodes, double& worst) {
        const auto found = violations(board_, part_.seats, space_.prices, space_.active,
                                      settings_.floor, nodes, settings_.threads, control_);
        std::size_t added = 0;
        worst = 0;
        for (const Violation& v : found) {
            worst = std::max(worst, v.upper);
            if (v.members.empty()) continue;
            columns.add(v.seat, group_value(board_, v.seat, v.members), v.members);
            ++added;
        }
        return added;
    }

    /// Rounds of master and pricing on all firms; ends with proven prices. Returns the number of
    /// rounds used so far.
    template <class Tick>
    int generate(int round, const Tick& tick) {
        number_rows(part_.firms);
        if (!master_) {
            master_.emplace(part_.firms.size(), space_.row_of, columns_);
            if constexpr (rough) master_->start_at(start_prices_);
        }
        const int batch = rough ? 12 : settings_.max_rounds;
        for (int step = 0; step < batch && round < settings_.max_rounds; ++step) {
            ++round;
            if (!master_->solve(control_)) break;
            take_prices(*master_, part_.firms);
            double worst = 0;
            std::size_t added = price(columns_, settings_.search_nodes, worst);
            if (added == 0 && worst > 0) added = price(columns_, settings_.proof_nodes, worst);
            if (control_.stop()) return round;
            tick(std::min(0.95, 0.1 + static_cast<double>(round) / settings_.max_rounds));
            if (added == 0) {
                exact_prices_ = !rough;
                break;
            }
            if constexpr (rough) thin_out();
        }
        prove();
        return round;
    }

    /// Drops columns that neither carry a share nor come near their members' prices.
    void thin_out() {
        const auto useful = [&](std::size_t g) {
            return g >= fresh_ || master_->share(g) > 1e-6 ||
                   columns_.reduced(g, space_.prices) > -0.3 * std::fabs(columns_.value(g)) - 1e-9;
        };
        master_->filter(useful);
        columns_.filter(useful);
        fresh_ = columns_.size();
    }

    /// Fixes groups by their share in the relaxed optimum, pricing what is left in between; then
    /// local search.
    void dive() {
        Packing packing(board_, space_);
        std::vector<FirmId> firms = part_.firms;
        const std::vector<double> prices = prices_by_position();
        Columns columns;
        std::vector<std::pair<double, std::uint32_t>> shares;
        const auto read_shares = [&](const Master& master) {
            shares.clear();
            master.each_share(
                [&](std::uint32_t g, double share) { shares.emplace_back(-share, g); });
            std::sort(shares.begin(), shares.end());
        };
        read_shares(*master_);
        const Columns* source = &columns_;
        while (!shares.empty() && !control_.stop()) {
            const std::size_t least = rough ? 1 + shares.size() / 20 : 1;
            std::size_t fixed = 0;
            for (const auto& [share, g] : shares) {
                if (fixed >= least && -share < (rough ? 0.7 : 0.999)) break;
                const auto members = source->members(g);
                if (!std::all_of(members.begin(), members.end(),
                                 [&](FirmId i) { return space_.active[i]; }))
                    continue;
                packing.open(source->seat(g), members);
                for (const FirmId i : members) space_.active[i] = 0;
                ++fixed;
            }
            if (fixed == 0) break;
            std::erase_if(firms, [&](FirmId i) { return !space_.active[i]; });
            if (firms.empty()) break;
            Columns left;
            for (std::size_t g = 0; g < source->size(); ++g) {
                const auto members = source->members(g);
                if (std::all_of(members.begin(), members.end(),
                                [&](FirmId i) { return space_.active[i]; })) {
                    left.add(source->seat(g), source->value(g), members);
                }
            }
            columns = std::move(left);
            source = &columns;
            number_rows(firms);
            Master master(firms.size(), space_.row_of, columns);
            if constexpr (rough) {
                std::vector<double> at;
                for (const FirmId i : firms) at.push_back(space_.prices[i]);
                master.start_at(std::move(at));
            }
            const int rounds = rough ? 2 : 20;
            for (int round = 0; round < rounds; ++round) {
                if (!master.solve(control_)) break;
                take_prices(master, firms);
                double worst = 0;
                if (round + 1 == rounds || price(columns, settings_.search_nodes, worst) == 0)
                    break;
            }
            read_shares(master);
        }
        for (const FirmId i : part_.firms) space_.active[i] = 1;
        packing.improve(part_.firms, part_.seats, 20, settings_.threads, control_);
        keep(packing);
        for (const Packing::Group& g : packing.groups()) {
            if (g.seat != Board::none) columns_.add(g.seat, g.value, g.members);
        }
        for (std::size_t k = 0; k < part_.firms.size(); ++k)
            space_.prices[part_.firms[k]] = prices[k];
    }

    void finish_small() {
        Columns plan;
        if (!best_partition(board_, part_, control_, plan)) return;
        double value = 0;
        for (std::size_t g = 0; g < plan.size(); ++g) value += plan.value(g);
        if (value <= best_.objective) return;
        best_.objective = value;
        best_.plan = std::move(plan);
    }

    const Board& board_;
    const Component& part_;
    const SearchSettings& settings_;
    Workspace& space_;
    const Control& control_;
    Columns columns_;
    std::size_t fresh_ = 0;
    std::vector<double> start_prices_;
    std::optional<Master> master_;
    bool exact_prices_ = false;
    ComponentAnswer best_;
};

}  // namespace libmatch::detail
