using IlqrVae.Training;

namespace IlqrVae.Tests.Training;

public sealed class TrainingOptionsTests
{
    [Fact]
    public void Learning_rates_follow_their_schedules()
    {
        var options = new TrainingOptions { LearningRate = 0.1, Iterations = 100, ScheduleIterations = 25 };
        Assert.Equal(0.1, (options with { Schedule = LearningRateSchedule.Constant }).RateAt(77));
        Assert.Equal(0.1 / 3, (options with { Schedule = LearningRateSchedule.InverseSquareRoot }).RateAt(100), 12);
        Assert.Equal(0.1, options.RateAt(0), 12);
        Assert.Equal(0.001, options.RateAt(100), 12);
    }
}
