using System.Numerics;
using IlqrVae.Inference;
using IlqrVae.Models.Parameters;
using IlqrVae.Numerics;
using IlqrVae.Training;

namespace IlqrVae.Benchmarking.SelfTest;

/// <summary>Training by several threads gives the bits of training by one, random numbers are the published ones, and single precision is near double.</summary>
internal static class TrainingChecks
{
    // Of the seven digits of single precision, sums of thousands of numbers keep five or more.
    private const double Single = 1e-6;
    private const double SingleGradient = 1e-5;

    private static readonly BenchmarkCase s_case = new("", 8, 3, 20, 40, false, true, true);

    public static IEnumerable<SelfCheck> Run()
    {
        var (a, b, c, d) = CounterRandom.Philox4x32(0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0);
        yield return new SelfCheck("random numbers", "Philox 4x32: known answer of Random123", (a, b, c, d) == (0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1) ? 0 : 1, 0);
        foreach (var threads in new[] { 2, Math.Max(3, Environment.ProcessorCount) }.Distinct())
        {
            yield return new SelfCheck("threads", $"{threads} threads, double precision: parameters after 6 updates, as by one", Deviations.OfBits(Trained<double>(1), Trained<double>(threads)), 0);
            yield return new SelfCheck("threads", $"{threads} threads, single precision: parameters after 6 updates, as by one", Deviations.OfBits(Trained<float>(1), Trained<float>(threads)), 0);
        }

        var (elbo, gradient) = Gradient<double>();
        var (singleElbo, singleGradient) = Gradient<float>();
        yield return new SelfCheck("single precision", "mini-GRU, spikes: ELBO, against double", Deviations.Relative([elbo], [singleElbo]), Single);
        yield return new SelfCheck("single precision", "mini-GRU, spikes: gradient, against double", Deviations.Relative(gradient, singleGradient), SingleGradient);
    }

    private static double[] Trained<T>(int threads)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var model = s_case.CreateModel<T>(1);
        var recording = s_case.CreateRecording(s_case.CreateModel<double>(1), 8, 2);
        new Trainer<T>(model, recording, new TrainingOptions { Iterations = 6, BatchSize = 5, Threads = threads }).Run(null, null, CancellationToken.None);
        var raw = new double[model.Parameters.RawCount];
        model.Parameters.CopyRawTo(raw);
        return raw;
    }

    private static (double Elbo, double[] Gradient) Gradient<T>()
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var model = s_case.CreateModel<T>(1);
        var recording = s_case.CreateRecording(s_case.CreateModel<double>(1), 1, 2);
        var trial = new PreparedTrial<T>(model.Generative, recording, recording.Trials[0]);
        var map = new MapSolver<T>(model.Generative, s_case.Bins).Solve(trial, null, new Control.SolverOptions());
        var draws = new PosteriorDraws<T>(2, s_case.Bins, s_case.States, s_case.Inputs);
        draws.SetBins(s_case.Bins);
        draws.Fill(3, 0, 0);
        var ofTrial = new TrialGradient<T>(model, draws.Count);
        var result = new ElboEstimator<T>(model, s_case.Bins).Evaluate(map, draws, new ElboOptions(), ofTrial);
        var gradient = new ParameterGradient<T>(model.Parameters.All);
        ofTrial.AddTo(gradient);
        var raw = new double[model.Parameters.RawCount];
        model.Parameters.PullBack(gradient, raw);
        return (result.Elbo, raw);
    }
}
