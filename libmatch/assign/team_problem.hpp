// The Lagrangian dual of assignment with teams, at given prices: what every firm would take.
//
// Problem: sum_j C_j p_j + sum_i max over teams S of (F_i(S) - sum over S of p_j), and the team of
// each firm that reaches it. Method: `look` asks every firm about all its eligible pairs
// (team_choice.hpp), adds exactly and rounds up: a proven bound. It leaves each firm a list of the
// pairs that can add most over its thresholds; `glance` asks about these only, which takes a part
// of the time and proves nothing. Complexity: O(pairs x skills) and O(n width x skills). Advisers
// without a seat left by the pins are closed; their price costs nothing, so it can be as high as
// need be. Deterministic for any number of threads. Source: docs/model.md, Teams.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include <libmatch/assign/certify.hpp>
#include <libmatch/assign/team_choice.hpp>
#include <libmatch/core/control.hpp>
#include <libmatch/core/exact_sum.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/model/assignment.hpp>
#include <libmatch/retrieve/source.hpp>

namespace libmatch::detail {

/// The control, and how far the work is, for those who watch.
struct TeamWatch {
    Control& control;
    double done = 0;
    [[nodiscard]] bool stop() const { return control.stop(); }
    void tell() const { control.report("assign", done); }

    /// parallel_chunks a part at a time; whoever watches is told in between.
    template <class Body>
    void chunks(std::size_t n, std::size_t chunk, unsigned threads, const Body& body) const {
        const std::size_t part = 32 * chunk;
        for (std::size_t from = 0; from < n && !stop(); from += part) {
            parallel_chunks(
                std::min(part, n - from), chunk, threads,
                [&](std::size_t begin, std::size_t end) { body(from + begin, from + end); });
            tell();
        }
    }
};

class TeamProblem {
  public:
    /// `width`: of a firm's list. The limits hold a team.
    TeamProblem(const PairSource& source, const AssignmentLimits& limits, std::size_t width,
                unsigned threads)
        : source_(source),
          limits_(limits),
          team_(*limits.team),
          threads_(threads),
          n_(source.firms()),
          m_(source.advisers()),
          width_(std::min(width, m_)),
          pin_begin_(pin_offsets(limits.pinned, n_)),
          rows_(team_.skills, team_.skill),
          room_(limits.capacity),
          adviser_(n_ * width_),
          utility_(n_ * width_),
          listed_(n_, 0),
          threshold_(n_ * team_.skills, 0.0F),
          fresh_(n_, 1),
          members_(n_) {
        for (const Pair& p : limits.pinned) --room_[p.adviser];
    }

    [[nodiscard]] std::size_t firms() const { return n_; }
    [[nodiscard]] std::size_t advisers() const { return m_; }
    [[nodiscard]] std::size_t width() const { return width_; }
    [[nodiscard]] unsigned threads() const { return threads_; }
    [[nodiscard]] const Team& team() const { return team_; }
    [[nodiscard]] std::int64_t seats(AdviserId j) const { return limits_.capacity[j]; }
    /// Seats that no pin takes.
    [[nodiscard]] std::int64_t room(AdviserId j) const { return room_[j]; }
    /// Members that a firm may take beside its pins.
    [[nodiscard]] std::size_t demand(FirmId i) const {
        const auto most = static_cast<std::size_t>(limits_.demand_of(i));
        const std::size_t pins = pin_begin_[i + 1] - pin_begin_[i];
        return most > pins ? most - pins : 0;
    }
    [[nodiscard]] std::span<const Pair> pins(FirmId i) const {
        return std::span(limits_.pinned).subspan(pin_begin_[i], pin_begin_[i + 1] - pin_begin_[i]);
    }
    [[nodiscard]] std::span<const std::uint32_t> listed(FirmId i) const {
        return {adviser_.data() + i * width_, listed_[i]};
    }
    [[nodiscard]] std::span<const double> listed_utility(FirmId i) const {
        return {utility_.data() + i * width_, listed_[i]};
    }
    [[nodiscard]] std::span<float> thresholds(FirmId i) {
        return std::span(threshold_).subspan(i * team_.skills, team_.skills);
    }
    /// What the firm took when it was last asked, beside its pins.
    [[nodiscard]] const TeamMembers& members(FirmId i) const { return members_[i]; }

    struct Answer {
        bool whole = false;  ///< false: it was stopped, the rest means nothing
        double value = 0;    ///< of the firms asked, without the seats
    };

    /// All pairs of every `stride`-th firm; with stride 1 the value is sum_i b_i(p), never less,
    /// plus the cost of the seats: a bound.
    Answer look(std::span<const double> prices, std::size_t stride, const TeamWatch& watch) {
        ExactSum sum;
        const bool whole =
            each_firm<ExactSum>(stride, watch, sum, [&](Desk& desk, FirmId i, ExactSum& part) {
                TeamChoice& choice = desk.choice;
                offer_all(choice, i, prices, desk.row);
                choice.solve(thresholds(i), fresh_[i] != 0 ? first_steps : steps);
                fresh_[i] = 0;
                members_[i] = choice.members();
                choice.add_most(part);
                keep_list(choice, i, desk.kept);
            });
        if (stride == 1) {
            for (std::size_t j = 0; j < m_; ++j)
                sum.add_multiple(prices[j], prices[j] > 0 ? limits_.capacity[j] : 0);
        }
        return {whole, sum.up()};
    }

    /// The same on the lists, roughly, and without the seats.
    Answer glance(std::span<const double> prices, std::size_t stride, const TeamWatch& watch) {
        Sum sum;
        const bool whole = each_firm<Sum>(stride, watch, sum, [&](Desk& desk, FirmId i, Sum& part) {
            TeamChoice& choice = desk.choice;
            begin(choice, i, prices);
            const auto ids = listed(i);
            const auto utility = listed_utility(i);
            for (std::size_t x = 0; x < ids.size(); ++x)
                choice.offer(AdviserId(ids[x]), utility[x], prices[ids[x]]);
            choice.solve(thresholds(i), steps);
            members_[i] = choice.members();
            part.add(choice.value());
        });
        return {whole, sum.value()};
    }

    /// Firms, of those asked last with this stride, that take each adviser beside pins.
    [[nodiscard]] std::vector<std::int64_t> load(std::size_t stride) const {
        std::vector<std::int64_t> load(m_, 0);
        for (std::size_t i = 0; i < n_; i += stride) {
            for (const AdviserId j : members_[i]) {
                if (!j.known()) break;
                ++load[j];
            }
        }
        return load;
    }

    [[nodiscard]] double utility(FirmId i, AdviserId j) const { return source_.utility(i, j); }

    [[nodiscard]] TeamChoice chooser() const { return {team_, rows_}; }
    /// Starts a choice for the firm, with its pins.
    void begin(TeamChoice& choice, FirmId i, std::span<const double> prices) const {
        std::array<PricedMember, Team::most_members> own{};
        std::size_t count = 0;
        for (const Pair& p : pins(i))
            own[count++] = {p.adviser, source_.utility(i, p.adviser), prices[p.adviser]};
        choice.begin(i, demand(i), std::span(own).first(count));
    }

  private:
    /// What one thread needs.
    struct Desk {
        TeamChoice choice;
        std::vector<std::uint32_t> kept;
        PairRow row;
    };
    template <class Part, class Firm>
    bool each_firm(std::size_t stride, const TeamWatch& watch, Part& sum, const Firm& firm) {
        constexpr std::size_t chunk = 128;
        const std::size_t asked = (n_ + stride - 1) / stride;
        const std::size_t chunks = (asked + chunk - 1) / chunk;
        std::vector<Part> parts(chunks);
        std::vector<char> done(chunks, 0);
        watch.chunks(asked, chunk, threads_, [&](std::size_t begin, std::size_t end) {
            Desk desk{chooser(), {}, {}};
            for (std::size_t k = begin; k < end; ++k) {
                if (k % 16 == 0 && watch.stop()) return;
                firm(desk, FirmId(k * stride), parts[begin / chunk]);
            }
            done[begin / chunk] = 1;
        });
        for (const Part& part : parts) {
            if constexpr (std::is_same_v<Part, Sum>) {
                sum.add(part.value());
            } else {
                sum.add(part);
            }
        }
        return std::all_of(done.begin(), done.end(), [](char d) { return d != 0; });
    }

    void offer_all(TeamChoice& choice, FirmId i, std::span<const double> prices,
                   PairRow& row) const {
        begin(choice, i, prices);
        if (demand(i) == 0) return;
        const auto pinned = pins(i);
        const auto offer = [&](AdviserId j, double u) {
            if (room_[j] <= 0 || !choice.may_add(u)) return;
            for (const Pair& p : pinned)
                if (p.adviser == j) return;
            choice.offer(j, u, prices[j]);
        };
        if (const auto rows = source_.stored()) {
            for (auto e = rows->begin[i]; e < rows->begin[i + 1]; ++e) {
                const auto at = static_cast<std::size_t>(e);
                offer(AdviserId(rows->column[at]), rows->value[at]);
            }
            return;
        }
        source_.pairs_of(i, row);
        for (std::size_t x = 0; x < row.adviser.size(); ++x)
            offer(AdviserId(row.adviser[x]), row.value[x]);
    }

    /// The offers that can add most, and the members of the best team; by adviser.
    void keep_list(const TeamChoice& choice, FirmId i, std::vector<std::uint32_t>& kept) {
        positions_of_largest(choice.bonuses(), width_, kept);
        for (std::size_t x = 0; x < choice.offers(); ++x) {
            if (!choice.taken(x) || std::binary_search(kept.begin(), kept.end(), x)) continue;
            const auto least = std::min_element(kept.begin(), kept.end(), [&](auto a, auto b) {
                if (choice.taken(a) != choice.taken(b)) return choice.taken(b);
                return choice.bonuses()[a] < choice.bonuses()[b];
            });
            *least = static_cast<std::uint32_t>(x);
            std::sort(kept.begin(), kept.end());
        }
        for (std::size_t x = 0; x < kept.size(); ++x) {
            adviser_[i * width_ + x] = choice.adviser(kept[x]).value;
            utility_[i * width_ + x] = choice.utility(kept[x]);
        }
        listed_[i] = static_cast<std::uint32_t>(kept.size());
    }

    static constexpr int first_steps = 24, steps = 4;

    const PairSource& source_;
    const AssignmentLimits& limits_;
    const Team& team_;
    unsigned threads_;
    std::size_t n_, m_, width_;
    std::vector<std::size_t> pin_begin_;
    SkillRows rows_;
    std::vector<std::int64_t> room_;
    std::vector<std::uint32_t> adviser_;  ///< lists: width_ slots per firm
    std::vector<double> utility_;
    std::vector<std::uint32_t> listed_;  ///< slots in use
    std::vector<float> threshold_;       ///< skills per firm
    std::vector<char> fresh_;            ///< no thresholds yet
    std::vector<TeamMembers> members_;
};

}  // namespace libmatch::detail
