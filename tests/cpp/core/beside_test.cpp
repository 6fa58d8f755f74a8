#include <gtest/gtest.h>

#include <atomic>
#include <libmatch/core/beside.hpp>
#include <stdexcept>

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

}  // namespace
}  // namespace libmatch
