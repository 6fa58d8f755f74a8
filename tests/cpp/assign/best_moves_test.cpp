// The best move between each two advisers beside a look at all choices, while firms move at random.
#include <gtest/gtest.h>

#include <libmatch/assign/best_moves.hpp>
#include <libmatch/core/random.hpp>
#include <optional>

namespace libmatch {
namespace {

ExactProblem random_problem(std::size_t firms, std::size_t advisers, Random& random) {
    ExactProblem p;
    for (std::size_t i = 0; i < firms; ++i) {
        for (std::size_t j = 0; j < advisers; ++j) {
            if (random.below(3) == 0) continue;
            p.choices.push_back({AdviserId(j), random.below(12) == 0, false,
                                 static_cast<std::int64_t>(random.below(6))});
        }
        p.begin.push_back(p.choices.size());
        p.demand.push_back(1 + static_cast<std::int32_t>(random.below(3)));
        p.min_demand.push_back(static_cast<std::int32_t>(random.below(2)));
    }
    p.capacity.assign(advisers, 1);
    p.min_load.assign(advisers, 0);
    return p;
}

struct State {
    const ExactProblem& p;
    std::vector<char> held;
    std::vector<std::int32_t> degree;
    std::vector<std::uint32_t> firm_of;

    explicit State(const ExactProblem& problem)
        : p(problem), held(p.choices.size(), 0), degree(p.firms(), 0), firm_of(p.choices.size()) {
        for (std::size_t i = 0; i < p.firms(); ++i) {
            for (std::size_t e = p.begin[i]; e < p.begin[i + 1]; ++e) {
                firm_of[e] = static_cast<std::uint32_t>(i);
                if (p.choices[e].pinned) turn(e);
            }
        }
    }
    void turn(std::size_t e) {
        held[e] = held[e] == 0;
        degree[firm_of[e]] += held[e] != 0 ? 1 : -1;
    }
    /// What the best move gains, by a look at every pair of choices.
    [[nodiscard]] std::optional<std::int64_t> best(std::size_t from, std::size_t to) const {
        std::optional<std::int64_t> most;
        const auto offer = [&](std::int64_t gain) { most = std::max(most.value_or(gain), gain); };
        const std::size_t nobody = p.advisers();
        for (std::size_t i = 0; i < p.firms(); ++i) {
            for (std::size_t e = p.begin[i]; e < p.begin[i + 1]; ++e) {
                const auto& own = p.choices[e];
                if (own.pinned) continue;
                if (held[e] == 0) {
                    if (from == nobody && own.adviser == to && degree[i] < p.demand[i])
                        offer(own.value);
                    continue;
                }
                if (own.adviser != from) continue;
                if (to == nobody && degree[i] > p.min_demand[i]) offer(-own.value);
                for (std::size_t f = p.begin[i]; f < p.begin[i + 1]; ++f) {
                    if (held[f] == 0 && p.choices[f].adviser == to)
                        offer(p.choices[f].value - own.value);
                }
            }
        }
        return most;
    }
};

TEST(BestMoves, AreThoseOfALookAtAllChoices) {
    Random random(11);
    for (int trial = 0; trial < 10; ++trial) {
        const ExactProblem p = random_problem(12, 4, random);
        State state(p);
        ASSERT_TRUE(detail::BestMoves::fits(p));
        detail::BestMoves moves(p, state.held, state.degree, state.firm_of);
        for (int step = 0; step < 200; ++step) {
            const std::size_t e = random.below(p.choices.size());
            if (p.choices[e].pinned) continue;
            state.turn(e);
            moves.offer(state.firm_of[e]);
            for (std::size_t from = 0; from <= p.advisers(); ++from) {
                for (std::size_t to = 0; to <= p.advisers(); ++to) {
                    if (from == to) continue;
                    const auto* move = moves.best(from, to);
                    const auto gain = state.best(from, to);
                    ASSERT_EQ(move != nullptr, gain.has_value()) << from << " to " << to;
                    if (move == nullptr) continue;
                    ASSERT_EQ(move->gain, *gain);
                    ASSERT_TRUE(
                        move->leaves == detail::BestMoves::none ||
                        (state.held[move->leaves] != 0 && p.choices[move->leaves].adviser == from));
                    ASSERT_TRUE(
                        move->takes == detail::BestMoves::none ||
                        (state.held[move->takes] == 0 && p.choices[move->takes].adviser == to));
                }
            }
        }
    }
}

TEST(BestMoves, DoNotFitManyAdvisers) {
    Random random(12);
    EXPECT_FALSE(detail::BestMoves::fits(random_problem(3, 9, random)));
}

}  // namespace
}  // namespace libmatch
