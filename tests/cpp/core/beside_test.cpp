#include <gtest/gtest.h>

#include <atomic>
#include <libmatch/core/beside.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace libmatch {
namespace {

TEST(Beside, RunsWhileTheCallerWaits) {
    Control control;
    int answer = 0;
    Beside work(control, [&](Control&) { answer = 42; });
    work.wait(control, "part");
    EXPECT_EQ(answer, 42);
}

TEST(Beside, ThrowsWhereItIsWaitedFor) {
    Control control;
    Beside work(control, [](Control&) { throw std::runtime_error("no"); });
    EXPECT_THROW(work.wait(control, "part"), std::runtime_error);
}

TEST(Beside, StopsWithTheWhole) {
    Control control;
    std::atomic<bool> begun = false;
    Beside work(control, [&](Control& own) {
        begun = true;
        while (!own.stop()) std::this_thread::yield();
        EXPECT_EQ(own.stop_status(), Status::cancelled);
    });
    while (!begun) std::this_thread::yield();
    control.cancel();
    work.wait(control, "part");
}

TEST(Beside, StopsAtTheTimeLimitOfTheWhole) {
    Control control(0.0);
    Beside work(control, [](Control& own) {
        EXPECT_TRUE(own.stop());
        EXPECT_EQ(own.stop_status(), Status::time_limit);
    });
    work.wait(control, "part");
}

TEST(Beside, ProgressReachesTheListenerWhoMayCancel) {
    double heard = 0;
    Control control(std::nullopt, [&](const Progress& p) {
        EXPECT_EQ(p.stage, "part");
        heard = std::max(heard, p.done);
        return p.done < 0.5;
    });
    Beside work(control, [](Control& own) {
        own.report("inside", 0.5);
        while (!own.stop()) std::this_thread::yield();
    });
    work.wait(control, "part");
    EXPECT_EQ(heard, 0.5);
    EXPECT_TRUE(control.cancelled());
}

TEST(Beside, IsCancelledByWhoeverDoesNotWait) {
    Control control;
    std::atomic<bool> ended = false;
    {
        Beside work(control, [&](Control& own) {
            while (!own.stop()) std::this_thread::yield();
            ended = true;
        });
    }
    EXPECT_TRUE(ended);
    EXPECT_FALSE(control.cancelled());
}

TEST(Watched, IsCancelledSoonThoughItReportsNothingMore) {
    int asked = 0;
    Control control(std::nullopt, [&](const Progress& p) {
        EXPECT_EQ(p.stage, "long");
        return ++asked < 3;
    });
    const double seconds = Beside::watched(control, [](Control& own) {
        own.report("long", 0.25);
        while (!own.stop()) std::this_thread::yield();
        EXPECT_EQ(own.stop_status(), Status::cancelled);
        return own.elapsed();
    });
    EXPECT_EQ(asked, 3);
    EXPECT_TRUE(control.cancelled());
    EXPECT_LT(seconds, 5);
}

TEST(Watched, EveryStageIsHeardBeforeItGoesOn) {
    std::vector<std::string> heard;
    Control control(std::nullopt, [&](const Progress& p) {
        heard.emplace_back(p.stage);
        return p.stage != "third";
    });
    const int stages = Beside::watched(control, [](Control& own) {
        int done = 0;
        for (const char* stage : {"first", "second", "third", "fourth"}) {
            own.report(stage, 0);
            if (!own.stop()) ++done;
        }
        return done;
    });
    EXPECT_EQ(stages, 2);
    EXPECT_EQ(heard, (std::vector<std::string>{"first", "second", "third", "fourth"}));
}

TEST(Watched, ThrowsWhatTheWorkOrTheListenerThrows) {
    Control control(std::nullopt, [](const Progress&) { return true; });
    EXPECT_THROW(Beside::watched(control, [](Control&) -> int { throw std::runtime_error("no"); }),
                 std::runtime_error);
    Control loud(std::nullopt, [](const Progress&) -> bool { throw std::logic_error("no"); });
    EXPECT_THROW(Beside::watched(loud,
                                 [](Control& own) {
                                     own.report("part", 0);
                                     while (!own.stop()) std::this_thread::yield();
                                     own.report("other", 0);
                                     return 0;
                                 }),
                 std::logic_error);
}

TEST(Watched, WithoutAListenerItStaysInTheCallingThread) {
    Control control;
    const auto where =
        Beside::watched(control, [](Control&) { return std::this_thread::get_id(); });
    EXPECT_EQ(where, std::this_thread::get_id());
}

}  // namespace
}  // namespace libmatch
