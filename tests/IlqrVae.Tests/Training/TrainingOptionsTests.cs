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

    /// <summary>Each of them is told by its name.</summary>
    [Fact]
    public void Impossible_settings_are_refused()
    {
        foreach (var bad in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity, -1])
        {
            Refused(new TrainingOptions { LearningRate = bad }, "learning-rate");
            Refused(new TrainingOptions { ScheduleIterations = bad }, "schedule-iterations");
            Refused(new TrainingOptions { GradientClip = bad }, "gradient-clip");
            Refused(new TrainingOptions { RecurrentPenalty = bad }, "recurrent-penalty");
        }

        Refused(new TrainingOptions { LearningRate = 0 }, "learning-rate");
        Refused(new TrainingOptions { ScheduleIterations = 0 }, "schedule-iterations");
        Refused(new TrainingOptions { Iterations = 0 }, "iterations");
        Refused(new TrainingOptions { BatchSize = -1 }, "batch");
        Refused(new TrainingOptions { Threads = -1 }, "threads");
        Refused(new TrainingOptions { ValidationInterval = -1 }, "validation-interval");
        Refused(new TrainingOptions { Patience = -1 }, "patience");
        Refused(new TrainingOptions { CheckpointInterval = -1 }, "checkpoint-interval");
        Refused(new TrainingOptions { Elbo = new() { Draws = 0 } }, "draws");
        new TrainingOptions { BatchSize = 0, GradientClip = 0, RecurrentPenalty = 0, ValidationInterval = 0, Patience = 0, CheckpointInterval = 0, Threads = 0, Iterations = 1 }.Validate();

        static void Refused(TrainingOptions options, string key)
            => Assert.StartsWith($"training: {key} is ", Assert.Throws<InputException>(options.Validate).Message, StringComparison.Ordinal);
    }
}
