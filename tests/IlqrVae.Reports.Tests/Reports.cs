using System.Globalization;
using System.Text;
using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Reports.Kinds;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Sessions;
using IlqrVae.Simulation;
using IlqrVae.Training;

namespace IlqrVae.Reports.Tests;

/// <summary>Whole reports of runs and recordings, usual ones and odd ones: each gives panels or says why it does not.</summary>
public sealed class Reports
{
    private static readonly ChannelGroup Spikes = new("spikes", ChannelKind.Counts, 3, "", ["a", "b", "c"]);

    private static Recording Maze(int trials = 8) => Simulations.Maze(new MazeOptions { Neurons = 12, HeldOutNeurons = 3, Trials = trials, ValidationTrials = 3, TestTrials = 9, Conditions = 3, Seed = 3 });

    private static Recording Some(int bins, int trials, int channels = 3, Func<int, int, int, double>? count = null)
        => Made.Recording(
            0.02, [channels == 3 ? Spikes : new ChannelGroup("spikes", ChannelKind.Counts, channels)],
            [.. Enumerable.Range(0, trials).Select(k => Made.Trial($"t{k}", bins, Made.Counts(bins, channels, (t, c) => count?.Invoke(k, t, c) ?? ((3 * k) + t + (5 * c)) % 4)) with { Split = k == 0 ? TrialSplit.Train : TrialSplit.Test })]);

    private static Report Check(ReportSource source)
    {
        var report = RunReport.Create(source);
        Sound.Check(report);
        foreach (var kind in PanelKinds.All)
        {
            var result = kind.Make(source, PanelRequest.Usual);
            Sound.Check(result);
            Assert.All(result.Panels, panel => Assert.Equal(kind.Name, panel.Kind));
        }

        return report;
    }

    private static Report Check(Recording recording)
    {
        var source = new RecordingSource(recording, "data.h5");
        var report = RecordingReport.Create(source);
        Sound.Check(report);
        foreach (var kind in PanelKinds.All)
        {
            var result = kind.Make(source, PanelRequest.Usual);
            Sound.Check(result);
            Assert.True(kind.Needs == PanelNeeds.Recording || result.Reason.Contains("takes a run", StringComparison.Ordinal));
        }

        return report;
    }

    private static ReportSection Section(Report report, string name) => Assert.Single(report.Sections, section => section.Name == name);

    [Fact]
    public void A_run_of_everything_is_told_in_full_and_alike_every_time()
    {
        using var learned = Learned.Of(Maze(), new ModelSpecification { States = 4, Inputs = 2 }, training: new TrainingOptions { ValidationHides = ["held-out"] });
        var source = learned.Open(new ReportRequest { Baselines = true });
        var report = Check(source);
        Assert.Equal(["run", "scores", "learning", "trials", "averages", "latents", "inputs", "dynamics", "calibration", "solver"], report.Sections.Select(section => section.Name), StringComparer.Ordinal);
        Assert.Equal(["held-out", "velocity"], source.Inference.Hidden.Order(StringComparer.Ordinal), StringComparer.Ordinal);
        Assert.Contains("it predicts 'velocity', which inference did not see, with a mean R2 of", report.Summary, StringComparison.Ordinal);
        Assert.Contains("of the whole trial, before and after.", report.Summary, StringComparison.Ordinal);
        var trials = Section(report, "trials");
        Assert.Equal(("trial", 9), (trials.ChoiceOf, trials.Choices.Count));
        Assert.All(trials.Choices, choice => Assert.Equal(["raster", "rates", "behaviour", "inputs", "states"], choice.Panels.Select(panel => panel.Kind).Distinct(StringComparer.Ordinal), StringComparer.Ordinal));
        Assert.Single(trials.Choices, choice => choice.Label.Contains("explained best", StringComparison.Ordinal));
        Assert.Single(trials.Choices, choice => choice.Label.Contains("explained worst", StringComparison.Ordinal));
        var scores = Section(report, "scores").Tables;
        Assert.Equal(["What inference did not see", "How well trials are explained", "Against the truth of the simulation", "Without a model of dynamics"], scores.Select(table => table.Title), StringComparer.Ordinal);
        Assert.All(scores[0].Rows, row => Assert.Contains("(", row[4], StringComparison.Ordinal));
        Assert.Equal(Told(report), Told(RunReport.Create(source)));
        var again = RunReport.Create(learned.Open(new ReportRequest { Baselines = true, Threads = 1 }));
        Assert.Equal(Told(report), Told(again));
    }

    /// <summary>All that a report says and shows but for times.</summary>
    private static string Told(Report report)
    {
        var text = new StringBuilder();
        foreach (var section in report.Sections)
        {
            foreach (var panel in section.Panels.Concat(section.Choices.SelectMany(choice => choice.Panels)))
            {
                text.Append(panel.Caption).Append(panel.Description);
                foreach (var line in panel.Marks.OfType<LineMark>())
                {
                    text.AppendJoin(' ', line.Y.Select(y => y.ToString("R", CultureInfo.InvariantCulture)));
                }
            }

            foreach (var row in section.Tables.Where(table => table.Title is not ("Model" or "Without a model of dynamics")).SelectMany(table => table.Rows))
            {
                text.AppendJoin('|', row);
            }
        }

        return text.ToString();
    }

    [Fact]
    public void The_kept_iteration_is_marked_and_the_curves_are_the_histories()
    {
        using var learned = Learned.Of(Maze(), iterations: 6);
        var source = learned.Open();
        var panels = new LearningPanels().Make(source, PanelRequest.Usual).Panels;
        Assert.All(panels, Sound.Check);
        var history = HistoryFile.Read(new RunFolder(learned.Folder).History);
        var validation = panels.First(panel => panel.Title == "Validation against iterations");
        Assert.Equal(history["validation_loss"].Where(double.IsFinite).Select(loss => -loss), validation.Mark<LineMark>().Y);
        Assert.Equal(source.Summary!.Iteration, validation.Mark<RuleMark>().Position);
        Assert.Equal(validation.Mark<LineMark>().Y.Max(), validation.Mark<LineMark>().Y[validation.Mark<LineMark>().X.ToList().IndexOf(source.Summary.Iteration)]);
        var minutes = panels.First(panel => panel.Title == "Training against minutes").Mark<LineMark>();
        Assert.Equal(history["seconds"].Select(seconds => seconds / 60), minutes.X);
        Assert.Equal(history["loss"].Select(loss => -loss), minutes.Y);

        // The mean over a bin before and one after, those that are finite.
        Assert.Equal([1, 1.5, 2, 3, 3.5], LearningPanels.Smooth([1, double.NaN, 2, 2, 5], 2));
    }

    [Fact]
    public void One_bin_one_trial_or_one_channel_is_enough()
    {
        foreach (var (bins, trials, channels) in ((int, int, int)[])[(1, 2, 3), (30, 2, 3), (12, 4, 1), (2, 3, 2)])
        {
            using var learned = Learned.Of(Some(bins, trials, channels), iterations: 2);
            Check(learned.Open());
            Check(learned.Recording);
        }

        Check(Some(1, 1, 1));
        Check(Some(50, 1));
    }

    [Fact]
    public void Silence_is_told()
    {
        using var learned = Learned.Of(Some(20, 3, count: (_, _, _) => 0), iterations: 2);
        var report = Check(learned.Open());
        Assert.Contains("0 spikes of 3 neurons", Section(report, "trials").Choices[0].Panels[0].Description, StringComparison.Ordinal);
        Assert.Contains("3 neurons below 0.5 Hz", Section(Check(learned.Recording), "firing").Panels[0].Description, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_inputs_says_so()
    {
        using var learned = Learned.Of(Some(20, 4), Learned.Linear(2, 0), iterations: 2);
        var report = Check(learned.Open());
        Assert.Contains("no inputs", Section(report, "inputs").Words, StringComparison.Ordinal);
        Assert.Empty(Section(report, "inputs").Panels);
        Assert.Equal("eigenvalues", Assert.Single(Section(report, "dynamics").Panels).Kind);
        Assert.Contains("only counts", Section(report, "trials").Words, StringComparison.Ordinal);
        Assert.Contains("cannot be looked at", Section(report, "calibration").Words, StringComparison.Ordinal);
    }

    [Fact]
    public void A_linear_system_shows_its_true_eigenvalues_states_and_inputs()
    {
        using var learned = Learned.Of(Simulations.Linear(new LinearOptions { Trials = 8, ValidationTrials = 2, TestTrials = 4, Bins = 60, Seed = 2 }), Learned.Linear(), iterations: 3);
        var source = learned.Open();
        var report = Check(source);
        var panel = Assert.Single(Section(report, "dynamics").Panels);
        Assert.Equal(3, panel.Mark<PointMark>("true").X.Count);
        var choice = Section(report, "trials").Choices[0].Panels;
        Assert.Contains(choice, one => one is { Kind: "states", Title: "true state 0" });
        Assert.Contains(choice, one => one is { Kind: "inputs", Title: "true input 0" });
        Assert.Contains(Section(report, "inputs").Panels, one => one.Kind == "onsets" && one.Title.Contains("true inputs", StringComparison.Ordinal));
        Assert.Contains(Section(report, "latents").Panels, one => one.Title.Contains("true ones", StringComparison.Ordinal));
    }

    [Fact]
    public void Missing_bins_forecasts_and_gaps_are_marked()
    {
        bool[] observed = [.. Enumerable.Range(0, 90).Select(i => i / 3 is < 5 or > 8)];
        var recording = Made.Recording(
            0.02, [Spikes],
            [.. Enumerable.Range(0, 4).Select(k => Made.Trial($"t{k}", 30, Made.Counts(30, 3, (t, c) => (k + t + c) % 3, observed)) with { Split = k < 2 ? TrialSplit.Train : TrialSplit.Test })]);
        using var learned = Learned.Of(recording, iterations: 2);
        var report = Check(learned.Open(new ReportRequest { ForecastBins = 6, Gaps = [new Gap(10, 13)] }));
        foreach (var panel in Section(report, "trials").Choices[0].Panels)
        {
            var spans = panel.Marks.OfType<SpanMark>().ToDictionary(span => span.Name, span => (Math.Round(span.From, 9), Math.Round(span.To, 9)), StringComparer.Ordinal);
            Assert.Equal((0.48, 0.6), spans["hidden from inference: forecast"]);
            Assert.Equal((0.2, 0.26), spans["hidden from inference: gap"]);
            if (panel.Kind is "raster" or "rates")
            {
                Assert.Equal((0.1, 0.18), spans["not recorded"]);
            }
        }

        Assert.Contains("do not compare them", Section(report, "run").Words, StringComparison.Ordinal);
        Assert.Contains("calibration", Section(report, "calibration").Panels[0].Kind, StringComparison.Ordinal);
        Check(recording);
    }

    [Fact]
    public void Sessions_with_neurons_of_their_own_are_shown_by_what_they_have()
    {
        ChannelGroup[] groups = [new("spikes@monday", ChannelKind.Counts, 2), new("spikes@tuesday", ChannelKind.Counts, 3), new("velocity", ChannelKind.Values, 2, "cm/s")];
        var trials = Enumerable.Range(0, 8).Select(k =>
        {
            var isMonday = k % 2 == 0;
            return Made.Trial(
                $"t{k}", 25, isMonday ? Made.Counts(25, 2, (t, c) => (k + t + c) % 3) : Observations.Missing(25, 2), isMonday ? Observations.Missing(25, 3) : Made.Counts(25, 3, (t, c) => (k + t + c) % 2),
                Made.Values(25, 2, (t, c) => Math.Sin(t + c + k))) with { Split = k < 4 ? TrialSplit.Train : TrialSplit.Test, Session = isMonday ? "monday" : "tuesday" };
        }).ToList();
        var recording = Made.Recording(0.02, groups, trials);
        using var learned = Learned.Of(recording, iterations: 2);
        var report = Check(learned.Open());
        Assert.Contains("2 sessions (monday and tuesday)", Section(report, "run").Words, StringComparison.Ordinal);
        foreach (var choice in Section(report, "trials").Choices)
        {
            var raster = Assert.Single(choice.Panels, panel => panel.Kind == "raster");
            Assert.StartsWith(choice.Label[1] is '4' or '6' ? "spikes@monday" : "spikes@tuesday", raster.Title, StringComparison.Ordinal);
        }

        Check(recording);
    }

    [Fact]
    public void A_run_that_was_interrupted_says_so()
    {
        using var learned = Learned.Of(Some(20, 4), iterations: 50, stopAfter: 1);
        Assert.Contains("Training went 1 iteration of 50", Check(learned.Open()).Summary, StringComparison.Ordinal);

        // Its history may be cut short, or be gone.
        var history = new RunFolder(learned.Folder).History;
        File.WriteAllText(history, File.ReadAllLines(history)[0] + "\n1,0.");
        Check(learned.Open());
        File.Delete(history);
        Assert.Contains("no history", Section(Check(learned.Open()), "learning").Words, StringComparison.Ordinal);
        File.Delete(new RunFolder(learned.Folder).Model);
        Assert.Throws<InputException>(() => learned.Open());
    }

    [Fact]
    public void A_diverged_run_is_told_without_numbers_that_are_none()
    {
        var recording = Some(20, 4);
        var found = Made.Found(recording, change: (k, one) => one with
        {
            Map = one.Map with { Status = Control.SolverStatus.NonFinite, Cost = double.PositiveInfinity },
            Inputs = Made.Table(20, 2, (_, _) => double.NaN),
            InputDeviations = Made.Table(20, 2, (_, _) => double.NaN),
            States = Made.Table(20, 3, (_, _) => double.PositiveInfinity),
            StateDeviations = Made.Table(20, 3, (_, _) => double.NaN),
            Means = [Made.Table(20, 3, (_, _) => double.NaN)],
            MeanDeviations = [Made.Table(20, 3, (_, _) => double.NaN)],
            LogEvidence = double.NaN,
        });
        var report = Check(Made.Source(found));
        Assert.Contains("In 4 trials numbers overflowed in inference", report.Summary, StringComparison.Ordinal);

        // One trial among others is left out, or says so.
        var one = Made.Found(recording, change: (k, estimate) => k == 2 ? found.Estimates[2] : estimate with { States = Made.Table(20, 3, (t, i) => Math.Sin(t + i + k)), Inputs = Made.Table(20, 2, (t, i) => Math.Cos(t + i)) });
        Check(Made.Source(one));
        Assert.NotEmpty(new LatentPanels().Make(Made.Source(one), PanelRequest.Usual).Panels);
        Assert.Contains("'t2'", new RatePanels().Make(Made.Source(one), new PanelRequest { Trial = "t2" }).Reason, StringComparison.Ordinal);

        // Deviations alone that are not known leave lines without bands.
        var bare = Made.Found(recording, change: (_, estimate) => estimate with { MeanDeviations = [Made.Table(20, 3, (_, _) => double.NaN)], InputDeviations = Made.Table(20, 2, (_, _) => double.NaN) });
        Assert.All(new RatePanels().Make(Made.Source(bare), PanelRequest.Usual).Panels, panel => Assert.Empty(panel.Marks.OfType<BandMark>()));
        Check(Made.Source(bare));
    }

    [Fact]
    public void A_million_bins_stay_small()
    {
        var recording = Some(1_000_000, 1, 2, (_, t, c) => t % (7 + c) == 0 ? 1 : 0);
        var report = Check(recording);
        Assert.InRange(NumbersOf(report), 1, 20_000);
        var found = Made.Found(recording, states: 2, inputs: 1, change: (_, one) => one with { States = Made.Table(1_000_000, 2, (t, i) => Math.Sin((t * 1e-3) + i)) });
        Assert.InRange(NumbersOf(Check(Made.Source(found))), 1, 100_000);
    }

    /// <summary>How many numbers a report has to draw.</summary>
    private static long NumbersOf(Report report) => report.Sections.SelectMany(section => section.Panels.Concat(section.Choices.SelectMany(choice => choice.Panels))).SelectMany(panel => panel.Marks).Sum(mark => mark switch
    {
        LineMark line => (2L + (line.Z is null ? 0 : 1)) * line.X.Count,
        BandMark band => 3L * band.X.Count,
        PointMark points => (2L + (points.Z is null ? 0 : 1)) * points.X.Count,
        StrokeMark strokes => 2L * strokes.X.Count,
        HeatMark heat => heat.Values.Length,
        BarMark bars => 2L * bars.X.Count,
        _ => 2L,
    });

    [Fact]
    public void A_part_of_a_trial_is_shown_as_it_stands_in_the_whole()
    {
        var recording = Some(2500, 1);
        var source = Made.Source(Made.Found(recording, change: (_, one) => one with
        {
            Inputs = Made.Table(2500, 2, (t, j) => t < 2499 ? Math.Sin(0.01 * t) + j : 0),
            States = Made.Table(2500, 3, (t, i) => Math.Cos((0.01 * t) + i)),
            Means = [Made.Table(2500, 3, (t, c) => 10 + Math.Sin((0.1 * t) + c))],
        }));
        var request = new PanelRequest { Window = (10, 14) };

        // Bins 500 to 699 of 20 ms.
        foreach (var kind in (IPanelKind[])[new RasterPanels(), new RatePanels(), new InputPanels(), new StatePanels()])
        {
            var result = kind.Make(source, request);
            Sound.Check(result);
            Assert.All(result.Panels, panel => Assert.Equal((10, 14), (Math.Round(panel.X.Limits!.Value.Low, 9), Math.Round(panel.X.Limits.Value.High, 9))));
        }

        var rate = new RatePanels().Make(source, request).Panels.First(panel => panel.Title == "a").Mark<LineMark>("inferred rate");
        Assert.Equal((200, 10.01), (rate.X.Count, Math.Round(rate.X[0], 9)));
        Assert.Equal(10 + Math.Sin(50), rate.Y[0], 1e-12);
        var input = new InputPanels().Make(source, request).Panels[0].Mark<LineMark>();
        Assert.Equal((200, 10.02), (input.X.Count, Math.Round(input.X[0], 9)));
        Assert.Equal(Math.Sin(5) / 2, input.Y[0], 1e-12);
        var strokes = new RasterPanels().Make(source, request).Panels[0].Marks.OfType<HeatMark>().Single();
        Assert.Equal(200, strokes.Values.GetLength(1));
        Assert.Equal(10, strokes.X[0], 1e-9);
        Assert.Equal(Enumerable.Range(500, 200).Sum(t => (t % 4) + ((t + 5) % 4) + ((t + 10) % 4)), int.Parse(new RasterPanels().Make(source, request).Panels[0].Description.Split(' ')[0], CultureInfo.InvariantCulture));
        Assert.Equal(3, RunReport.Create(source).Sections.Single(section => section.Name == "trials").Choices.Count(choice => choice.Label.EndsWith(" s", StringComparison.Ordinal)));
        Assert.Contains("50 s long and has no bin from 60 to 70 s", Assert.Throws<InputException>(() => new RatePanels().Make(source, new PanelRequest { Window = (60, 70) })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_posterior_file_stands_in_for_inference()
    {
        using var learned = Learned.Of(Maze(), new ModelSpecification { States = 4, Inputs = 2 });
        var source = learned.Open();
        var found = source.Inference;
        var path = Path.Combine(learned.Folder, "posterior.h5");
        PosteriorFile.Write(
            path, found.Description, found.Trials, found.Estimates, found.Hidden,
            origin: PosteriorOrigin.Of(ModelFile.Read(new RunFolder(learned.Folder).Model).Raw, source.Recording, byPosition: false));
        var taken = learned.Open(new ReportRequest { Posterior = path });
        var report = Check(taken);
        Assert.Equal(("test", 9), (taken.Inference.Split, taken.Trials.Count));
        Assert.Equal(found.Hidden, taken.Inference.Hidden);
        Assert.Equal(found.Estimates[3].Means[1].Values, taken.Inference.Estimates[3].Means[1].Values);
        Assert.Equal(found.Estimates[3].NoiseDeviations[0].Values, taken.Inference.Estimates[3].NoiseDeviations[0].Values);
        Assert.Equal(found.Estimates.Select(one => one.Elbo), taken.Inference.Estimates.Select(one => one.Elbo));
        Assert.Equal(found.Estimates.Select(one => (one.ObservedCount, one.Map.Iterations)), taken.Inference.Estimates.Select(one => (one.ObservedCount, one.Map.Iterations)));
        foreach (var kind in PanelKinds.All)
        {
            Assert.Equal(kind.Make(source, PanelRequest.Usual).Panels.Select(panel => panel.Description), kind.Make(taken, PanelRequest.Usual).Panels.Select(panel => panel.Description), StringComparer.Ordinal);
        }

        Assert.Contains("taken from", Section(report, "run").Words, StringComparison.Ordinal);
        Assert.Throws<InputException>(() => learned.Open(new ReportRequest { Posterior = path, Split = "train" }).Inference);
        Assert.Throws<InputException>(() => learned.Open(new ReportRequest { Posterior = new RunFolder(learned.Folder).Model }).Inference);
    }

    [Fact]
    public void What_is_not_there_is_refused_by_name()
    {
        var source = new RecordingSource(Some(20, 3), "data.h5");
        Assert.Contains("no trial 'nine'; there are 't0', 't1' and 't2'", Assert.Throws<InputException>(() => new RasterPanels().Make(source, new PanelRequest { Trial = "nine" })).Message, StringComparison.Ordinal);
        Assert.Contains("no group 'lfp'", Assert.Throws<InputException>(() => new RasterPanels().Make(source, new PanelRequest { Group = "lfp" })).Message, StringComparison.Ordinal);
        Assert.Contains("no channel 'd'", Assert.Throws<InputException>(() => new PsthPanels().Make(source, new PanelRequest { Channels = ["d"] })).Message, StringComparison.Ordinal);
        Assert.Contains("there are learning, raster", Assert.Throws<InputException>(() => PanelKinds.Of("pie")).Message, StringComparison.Ordinal);
        Assert.Equal(["b", "c"], new PsthPanels().Make(source, new PanelRequest { Channels = ["1", "c"] }).Panels.Select(panel => panel.Title), StringComparer.Ordinal);
        Assert.Equal(PanelKinds.All.Count, PanelKinds.All.Select(kind => kind.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.All(PanelKinds.All, kind => Assert.Same(kind, PanelKinds.Of(kind.Name)));
    }

    [Fact]
    public void Trials_that_tell_are_best_median_worst_and_one_of_each_condition()
    {
        var recording = Some(20, 9) is var some
            ? some with { Trials = [.. some.Trials.Select((trial, k) => trial with { Labels = new Dictionary<string, TrialLabel>(StringComparer.Ordinal) { ["direction"] = new TrialLabel(90 * (k % 3)) } })] }
            : null!;

        // The log evidence falls from trial to trial.
        var source = Made.Source(Made.Found(recording));
        var chosen = TrialChoice.Telling(source, 6);
        Assert.Equal([0, 3, 4, 5, 8], chosen.Where(one => one.Words.Length > 0).Select(one => one.Trial));
        Assert.Equal(6, chosen.Count);
        Assert.Equal("explained best", chosen[0].Words);
        Assert.Equal("median, direction 90", chosen.First(one => one.Trial == 4).Words);
        Assert.Equal("explained worst", chosen[^1].Words);
        Assert.Equal(12, TrialChoice.Telling(Made.Source(Made.Found(Some(5, 40))), 12).Count);

        // Angles in degrees go around the circle.
        var colors = new LatentPanels().Make(Made.Source(Made.Found(recording, change: (k, one) => one with { States = Made.Table(20, 3, (t, i) => Math.Sin(t + i + k)) })), PanelRequest.Usual).Panels[0].Marks.OfType<LineMark>().Select(line => line.Color).Distinct().ToList();
        Assert.Equal([0, 0.25, 0.5], colors.Select(color => color.Value), (x, y) => Math.Abs(x - y) < 1e-12);
        Assert.All(colors, color => Assert.Equal(ColorMeaning.Circle, color.Meaning));
    }
}
