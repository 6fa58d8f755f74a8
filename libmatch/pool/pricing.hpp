// Pricing over many seats: which groups are worth more than their members' prices, and prices that
// no group beats.
//
// Method: every seat is priced on its own (see pricer.hpp), seats in parallel. `repair` then raises
// the members of each violating group by equal parts, and where that takes long cuts the scores of
// all firms at the seat at the level that proves it. Raising a price never breaks another seat, so
// one sweep over the violated seats gives feasible prices, whose sum bounds every plan.
//
// Determinism: seats in parallel write to slots of their own; repair is serial, in the order of
// seats.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include <libmatch/core/control.hpp>
#include <libmatch/core/parallel.hpp>
#include <libmatch/pool/columns.hpp>
#include <libmatch/pool/pricer.hpp>

namespace libmatch::detail {

struct Violation {
    std::uint32_t seat = 0;
    double upper = 0;
    double best = -HUGE_VAL;  ///< -infinity: no lawful group is known, only the bound is above 0
    std::vector<FirmId> members;  ///< of the best group known
};

/// Seats at which some group may be worth more than `floor` above its members' prices. `firms` has
/// all that are active. Incomplete when stopped.
[[nodiscard]] inline std::vector<Violation> violations(
    const Board& board, std::span<const std::uint32_t> seats, const std::vector<double>& prices,
    const std::vector<char>& active, std::span<const FirmId> firms, double floor, long nodes,
    unsigned threads, const Control& control) {
    constexpr std::size_t chunk = 64;
    std::vector<std::vector<Violation>> found((seats.size() + chunk - 1) / chunk);
    parallel_chunks(seats.size(), chunk, threads, [&](std::size_t begin, std::size_t end) {
        Pricer pricer(board);
        for (std::size_t k = begin; k < end; ++k) {
            if ((k & 7) == 0 && control.stop()) return;
            pricer.load(seats[k], prices, active, firms);
            const Pricer::Answer answer = pricer.search(floor, nodes);
            if (answer.upper <= floor) continue;
            found[begin / chunk].push_back({seats[k], answer.upper, answer.best, pricer.members()});
        }
    });
    std::vector<Violation> all;
    for (auto& part : found) {
        for (Violation& v : part) all.push_back(std::move(v));
    }
    return all;
}

/// Raises prices until the seat is proven; groups met on the way join `met` (may be null).
inline void settle(Pricer& pricer, std::uint32_t seat, std::vector<double>& prices,
                   const std::vector<char>& active, std::span<const FirmId> firms, double floor,
                   long nodes, const Control& control, Columns* met = nullptr) {
    constexpr int patience = 8;
    for (int step = 0; !control.stop(); ++step) {
        pricer.load(seat, prices, active, firms);
        const Pricer::Answer answer = pricer.search(floor, nodes);
        if (answer.upper <= floor) return;
        if (step >= patience) {
            pricer.cut(prices);
            return;
        }
        if (answer.best > floor) {
            const std::vector<FirmId> members = pricer.members();
            const double part = answer.best / static_cast<double>(members.size());
            if (met != nullptr) met->add(seat, group_value(pricer.board(), seat, members), members);
            for (const FirmId i : members) prices[i] += part;
            continue;
        }
        double squares = 0;
        pricer.each_relaxed_member([&](FirmId, double weight) { squares += weight * weight; });
        if (squares == 0) step = patience;
        pricer.each_relaxed_member(
            [&](FirmId i, double weight) { prices[i] += answer.upper * weight / squares; });
    }
}

/// Makes prices feasible over the seats; false if stopped first (then they prove nothing). The
/// groups met on the way are just what a master must learn to give feasible prices itself.
[[nodiscard]] inline bool repair(const Board& board, std::span<const std::uint32_t> seats,
                                 std::vector<double>& prices, const std::vector<char>& active,
                                 std::span<const FirmId> firms, double floor, long nodes,
                                 unsigned threads, const Control& control, Columns* met = nullptr) {
    const std::vector<Violation> broken =
        violations(board, seats, prices, active, firms, floor, nodes, threads, control);
    Pricer pricer(board);
    for (const Violation& v : broken) {
        settle(pricer, v.seat, prices, active, firms, floor, nodes, control, met);
        if (control.stop()) return false;
    }
    return !control.stop();
}

}  // namespace libmatch::detail
