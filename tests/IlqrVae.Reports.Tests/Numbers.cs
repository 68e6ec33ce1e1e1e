using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Reports.Kinds;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Sessions;
using MathNet.Numerics.LinearAlgebra.Double;

namespace IlqrVae.Reports.Tests;

/// <summary>The numbers of every kind of picture against small computations of their own.</summary>
public sealed class Numbers
{
    private static readonly ChannelGroup Spikes = new("spikes", ChannelKind.Counts, 2, "", ["a", "b"]);
    private static readonly ChannelGroup Velocity = new("velocity", ChannelKind.Values, 2, "m/s");

    private static Panel One(PanelResult result, string? title = null) => Assert.Single(result.Panels, panel => title is null || panel.Title == title);

    [Fact]
    public void A_raster_has_a_stroke_in_the_middle_of_every_bin_with_a_spike()
    {
        var recording = Made.Recording(0.01, [Spikes], Made.Trial("x", 20, Made.Counts(20, 2, (t, c) => c == 1 && t is 3 or 7 ? 2 : 0)));
        var panel = One(new RasterPanels().Make(new RecordingSource(recording, "made.h5"), PanelRequest.Usual));
        Sound.Check(panel);
        var strokes = panel.Mark<StrokeMark>();
        Assert.Equal([0.035, 0.075], strokes.X, (x, y) => Math.Abs(x - y) < 1e-12);
        Assert.Equal([1, 1], strokes.Row);
        Assert.Equal((0, 0.2), panel.X.Limits);
        Assert.Equal([(0.5, "a"), (1.5, "b")], panel.Y.Ticks!);

        // Four spikes of two neurons in .2 s.
        Assert.Contains("4 spikes of 2 neurons in 0.2 s, 10 Hz a neuron; most, 4 spikes, from b. Silent here: a.", panel.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Wide_bins_make_a_heat_map_in_hertz()
    {
        var recording = Made.Recording(0.05, [Spikes], Made.Trial("x", 700, Made.Counts(700, 2, (t, c) => t % 3 == 0 ? 1 : c)));
        var panel = One(new RasterPanels().Make(new RecordingSource(recording, "made.h5"), PanelRequest.Usual));
        Sound.Check(panel);
        var heat = panel.Mark<HeatMark>();

        // Three bins a column: a has one count in three, b three.
        Assert.Equal(234, heat.Values.GetLength(1));
        Assert.Equal(1 / 0.05 / 3, heat.Values[0, 0], 1e-9);
        Assert.Equal(1 / 0.05, heat.Values[1, 5], 1e-9);
        Assert.Equal(35, heat.X[^1], 1e-9);
        Assert.Contains("A column is the mean over 3 bins.", panel.Caption, StringComparison.Ordinal);
    }

    [Fact]
    public void Rates_have_the_interval_in_hertz_and_smoothed_spikes_beside_them()
    {
        var recording = Made.Recording(0.02, [Spikes], Made.Trial("x", 30, Made.Counts(30, 2, (t, c) => (t + c) % 2)));
        var source = Made.Source(Made.Found(recording, change: (_, one) => one with
        {
            Means = [Made.Table(30, 2, (t, c) => c == 0 ? 10 + t : 1)],
            MeanDeviations = [Made.Table(30, 2, (t, c) => 2)],
        }));
        var result = new RatePanels().Make(source, PanelRequest.Usual);
        Sound.Check(result);
        var panel = One(result, "a");
        Assert.Same(result.Panels[0], panel);
        Assert.Equal("Hz", panel.Y.Unit);
        var band = panel.Mark<BandMark>();
        Assert.Equal("95 % interval", band.Name);
        for (var t = 0; t < 30; t++)
        {
            Assert.Equal((t + 0.5) * 0.02, band.X[t], 1e-12);
            Assert.Equal(10 + t - (1.959964 * 2), band.Low[t], 1e-4);
            Assert.Equal(10 + t + (1.959964 * 2), band.High[t], 1e-4);
        }

        // A rate is not below zero.
        Assert.All(One(result, "b").Mark<BandMark>().Low, low => Assert.Equal(0, low));
        Assert.Equal(1 + (1.959964 * 2), One(result, "b").Mark<BandMark>().High[0], 1e-4);

        var smooth = panel.Mark<LineMark>("smoothed spikes").Y;
        var (sum, weight) = (0.0, 0.0);
        for (var s = 0; s < 30; s++)
        {
            var w = Math.Abs(s - 12) <= Math.Ceiling(4 * 0.07 / 0.02) ? Math.Exp(-0.5 * (s - 12) * (s - 12) / (3.5 * 3.5)) : 0;
            (sum, weight) = (sum + (w * (s % 2)), weight + w);
        }

        Assert.Equal(sum / weight / 0.02, smooth[12], 1e-9);
        Assert.Contains("inferred rate from 10 to 39 Hz, 24.5 Hz on average", panel.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Inputs_stand_between_bins_in_scales_of_their_prior()
    {
        var recording = Made.Recording(0.1, [Spikes], Made.Trial("x", 5, Made.Counts(5, 2, (_, _) => 1)));
        var source = Made.Source(Made.Found(recording, change: (_, one) => one with { Inputs = Made.Table(5, 2, (t, j) => t < 4 ? (j == 0 ? -3 : 0.5) * (t + 1) : 0) }));
        var result = new InputPanels().Make(source, PanelRequest.Usual);
        Sound.Check(result);
        Assert.Equal(["input 0", "input 1"], result.Panels.Select(panel => panel.Title), StringComparer.Ordinal);
        var line = result.Panels[0].Mark<LineMark>();
        Assert.Equal([0.1, 0.2, 0.3, 0.4], line.X, (x, y) => Math.Abs(x - y) < 1e-12);
        Assert.Equal([-1.5, -3, -4.5, -6], line.Y);
        var band = result.Panels[0].Mark<BandMark>();
        Assert.Equal(-1.5 - (1.959964 * 0.25), band.Low[0], 1e-5);
        Assert.Equal(-1.5 + (1.959964 * 0.25), band.High[0], 1e-5);
        Assert.Contains("largest -6 scales, 0.4 s into the trial; its interval leaves zero out in 100 % of the steps", result.Panels[0].Description, StringComparison.Ordinal);
        Assert.Contains("largest 1 scales, 0.4 s", result.Panels[1].Description, StringComparison.Ordinal);

        // .25, .5, .75 and 1 against .49: three of four leave zero out.
        Assert.Contains("in 75 % of the steps", result.Panels[1].Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Decoded_behaviour_has_an_interval_with_noise_and_its_R2()
    {
        var recording = Made.Recording(0.05, [Spikes, Velocity], Made.Trial("x", 40, Made.Counts(40, 2, (_, _) => 1), Made.Values(40, 2, (t, c) => Math.Sin(0.3 * t) + c)));
        var source = Made.Source(Made.Found(recording, hidden: ["velocity"], change: (_, one) => one with
        {
            Means = [one.Means[0], Made.Table(40, 2, (t, c) => (0.5 * Math.Sin(0.3 * t)) + c)],
            MeanDeviations = [one.MeanDeviations[0], Made.Table(40, 2, (_, _) => 0.3)],
            NoiseDeviations = [one.NoiseDeviations[0], Made.Table(40, 2, (_, _) => 0.4)],
        }));
        var result = new BehaviourPanels().Make(source, PanelRequest.Usual);
        Sound.Check(result);
        Assert.Equal(2, result.Panels.Count);
        var panel = One(result, "velocity 1");
        var band = panel.Mark<BandMark>();
        for (var t = 0; t < 40; t++)
        {
            Assert.Equal((0.5 * Math.Sin(0.3 * t)) + 1 - (1.959964 * 0.5), band.Low[t], 1e-5);
            Assert.Equal((0.5 * Math.Sin(0.3 * t)) + 1 + (1.959964 * 0.5), band.High[t], 1e-5);
            Assert.Equal(Math.Sin(0.3 * t) + 1, panel.Mark<LineMark>("recorded").Y[t], 1e-12);
        }

        var truth = Enumerable.Range(0, 40).Select(t => Math.Sin(0.3 * t)).ToArray();
        var r2 = 1 - (truth.Sum(y => 0.25 * y * y) / truth.Sum(y => (y - truth.Average()) * (y - truth.Average())));
        Assert.Contains($"R2 here {Words.Of(r2)}", panel.Description, StringComparison.Ordinal);
        Assert.Contains("the band holds 100 % of what was recorded", panel.Description, StringComparison.Ordinal);
        Assert.Equal("m/s", panel.Y.Unit);
        Assert.Contains("inference saw none of it", panel.Caption, StringComparison.Ordinal);
        Assert.Contains("before and after", panel.Caption, StringComparison.Ordinal);
    }

    [Fact]
    public void Psth_of_known_trials_is_their_average_condition_by_condition()
    {
        // Counts that do not change along a trial are what smoothing leaves alone.
        Trial Of(int k) => Made.Trial($"t{k}", 10, Made.Counts(10, 2, (_, c) => (c == 0 ? k : 1) + (k % 2))) with
        {
            Labels = new Dictionary<string, TrialLabel>(StringComparer.Ordinal) { ["target"] = TrialLabel.Of(k % 2 == 0 ? "left" : "right"), ["start"] = new TrialLabel(k) },
        };
        var recording = Made.Recording(0.1, [Spikes], Of(0), Of(1), Of(2), Of(3), Of(4));
        var result = new PsthPanels().Make(new RecordingSource(recording, "made.h5"), new PanelRequest { Channels = ["a"] });
        Sound.Check(result);
        var panel = One(result);

        // left: trials 0, 2, 4 with counts 0, 2, 4; right: 1, 3 with counts 2, 4; in Hz ten times that.
        Assert.All(panel.Mark<LineMark>("target left").Y, y => Assert.Equal(20, y, 1e-9));
        Assert.All(panel.Mark<LineMark>("target right").Y, y => Assert.Equal(30, y, 1e-9));
        var bands = panel.Marks.OfType<BandMark>().ToList();
        Assert.Equal(20 + (1.959964 * 20 / Math.Sqrt(3)), bands[0].High[3], 1e-4);
        Assert.Equal(0, bands[0].Low[3]);
        Assert.Equal(30 - (1.959964 * Math.Sqrt(200) / Math.Sqrt(2)), bands[1].Low[3], 1e-4);
        Assert.Contains("the trials of each target (left: 3 and right: 2 trials)", panel.Caption, StringComparison.Ordinal);
        Assert.Contains("from 20 to 30 Hz", panel.Description, StringComparison.Ordinal);

        var source = Made.Source(Made.Found(recording, change: (k, one) => one with { Means = [Made.Table(10, 2, (t, c) => (10 * k) + t)] }));
        var modelled = One(new PsthPanels().Make(source, new PanelRequest { Channels = ["a"] }));
        Sound.Check(modelled);
        Assert.Equal(Enumerable.Range(0, 10).Select(t => 20.0 + t), modelled.Mark<LineMark>("target left, inferred").Y, (x, y) => Math.Abs(x - y) < 1e-9);
        Assert.Equal(Enumerable.Range(0, 10).Select(t => 20.0 + t), modelled.Mark<LineMark>("target right, inferred").Y, (x, y) => Math.Abs(x - y) < 1e-9);
    }

    [Fact]
    public void Shares_of_variance_are_those_of_a_singular_value_decomposition()
    {
        var recording = Made.Recording(0.1, [Spikes], [.. Enumerable.Range(0, 3).Select(k => Made.Trial($"t{k}", 25, Made.Counts(25, 2, (_, _) => 1)))]);
        double State(int k, int t, int i) => i switch { 0 => 3 * Math.Sin(t + k), 1 => Math.Cos(0.7 * t) + (0.5 * Math.Sin(t + k)), 2 => 0.2 * t, _ => Math.Sin(3.1 * t * (k + 1)) };
        var found = Made.Found(recording, states: 4, change: (k, one) => one with { States = Made.Table(25, 4, (t, i) => State(k, t, i)) });
        var panel = One(new LatentPanels().Make(Made.Source(found), PanelRequest.Usual));
        Sound.Check(panel);

        var all = DenseMatrix.Create(75, 4, (row, i) => State(row / 25, row % 25, i));
        var means = all.ColumnSums() / 75;
        var svd = DenseMatrix.Create(75, 4, (row, i) => all[row, i] - means[i]).Svd();
        var squares = svd.S.Select(s => s * s).ToArray();
        for (var k = 0; k < 3; k++)
        {
            Assert.Equal($"principal component {k + 1} ({Words.Percent(squares[k] / squares.Sum())} of variance)", new[] { panel.X, panel.Y, panel.Z! }[k].Label);
        }

        // Paths are projections: compared by their size, since the sign of a direction is a convention.
        var first = panel.Marks.OfType<LineMark>().First();
        var projected = (all.Row(0) - means) * svd.VT.Row(0);
        Assert.Equal(Math.Abs(projected), Math.Abs(first.X[0]), 1e-9);
        Assert.Equal(Math.Abs((all.Row(0) - means) * svd.VT.Row(2)), Math.Abs(first.Z![0]), 1e-9);
        Assert.Contains($"hold {Words.Percent(squares.Take(3).Sum() / squares.Sum())} of the variance of 4 latent dimensions", panel.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Power_is_the_mean_square_in_scales_and_its_band_is_never_below_zero()
    {
        var recording = Made.Recording(0.1, [Spikes], [.. Enumerable.Range(0, 3).Select(k => Made.Trial($"t{k}", 6, Made.Counts(6, 2, (_, _) => 1)))]);
        var found = Made.Found(recording, change: (k, one) => one with { Inputs = Made.Table(6, 2, (t, j) => t < 5 ? (j == 0 ? 2 * k : 4) * (t == 2 ? 3 : 0.1) : 0) });
        var panel = One(new PowerPanels().Make(Made.Source(found), PanelRequest.Usual));
        Sound.Check(panel);

        // Scales are 2: at step 2 the squares of 3 k and 6, halved: (9 k^2 + 36) / 2.
        double[] powers = [18, 22.5, 36];
        var line = panel.Mark<LineMark>();
        Assert.Equal([0.1, 0.2, 0.3, 0.4, 0.5], line.X, (x, y) => Math.Abs(x - y) < 1e-12);
        Assert.Equal(25.5, line.Y[2], 1e-9);
        var error = Math.Sqrt(powers.Sum(p => (p - 25.5) * (p - 25.5)) / 2 / 3);
        var band = panel.Mark<BandMark>();
        Assert.Equal(25.5 + (1.959964 * error), band.High[2], 1e-3);
        Assert.All(band.Low, low => Assert.True(low >= 0));
        Assert.Contains("highest 0.3 s into the trial", panel.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Power_around_events_of_a_made_input_is_high_where_it_was_put_and_chance_is_told()
    {
        // Every trial has one onset; the input comes two bins before it.
        int[] onsets = [30, 45, 60, 38, 52, 71, 33, 64];
        var recording = Made.Recording(
            0.05, [Spikes, Velocity],
            [.. onsets.Select((onset, k) => Made.Trial($"t{k}", 100, Made.Counts(100, 2, (_, _) => 1), Made.Values(100, 2, (t, c) => c == 0 && t >= onset && t < onset + 8 ? 1 : 0)))]);
        InferenceResult Found(Func<int, int, double> input) => Made.Found(recording, inputs: 1, change: (k, one) => one with { Inputs = Made.Table(100, 1, (t, _) => t < 99 ? input(k, t) : 0) });
        var panel = One(new EventPanels().Make(Made.Source(Found((k, t) => t == onsets[k] - 2 ? 6 : 1)), PanelRequest.Usual));
        Sound.Check(panel);
        var line = panel.Mark<LineMark>();
        Assert.Equal(-0.5, line.X[0], 1e-12);
        Assert.Equal(1, line.X[^1], 1e-12);
        Assert.Equal(31, line.X.Count);
        for (var row = 0; row < 31; row++)
        {
            // 10 bins before the event are row 0: two before it are row 8. (6 / 2)^2 and (1 / 2)^2.
            Assert.Equal(row == 8 ? 9 : 0.25, line.Y[row], 1e-9);
        }

        var mean = ((98 * 0.25) + 9) / 99;
        Assert.Contains($"Highest 9 squared scales, {Words.Of(9 / mean)} times the mean over all steps, 0.1 s before the event.", panel.Description, StringComparison.Ordinal);
        Assert.Contains("averaged over 8 events", panel.Caption, StringComparison.Ordinal);
        Assert.Contains("stronger around these events than chance", panel.Description, StringComparison.Ordinal);
        Assert.All(panel.Mark<BandMark>().Low, low => Assert.True(low >= 0));

        // The same input at times that have nothing to do with onsets: what is highest is no evidence.
        var other = One(new EventPanels().Make(Made.Source(Found((k, t) => t == (onsets[k] + 17 + (13 * k)) % 99 ? 6 : 1)), PanelRequest.Usual));
        Assert.Contains("no evidence", other.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Inputs_are_aligned_to_what_was_noted_of_trials()
    {
        int[] cues = [30, 45, 60, 38, 52, 71, 33, 64];

        // Trials follow each other on the clock of the session, 10 s apart; the reward comes behind their ends, and trial 3 has no cue. What is in bins is counted from 1, of trials that were cut at their bin 11.
        var recording = Made.Recording(0.05, [Spikes], [.. cues.Select((cue, k) => Made.Trial($"t{k}", 100, Made.Counts(100, 2, (_, _) => 1)) with
        {
            Labels = new Dictionary<string, TrialLabel>(StringComparer.Ordinal)
            {
                ["first_bin_time"] = new(3.2 + (10 * k)), ["start_time"] = new(3.2 + (10 * k)), ["stop_time"] = new(8.2 + (10 * k)), ["go_time"] = new(k == 3 ? double.NaN : 3.2 + (10 * k) + (0.05 * cue)), ["reward_time"] = new(9 + (10 * k)), ["contrast"] = new(k % 4),
                ["first_bin_number"] = new(11), ["idx_target"] = new(cue + 11 - 20), ["result"] = TrialLabel.Of("R"), ["idx_late"] = new(300),
            },
        })]);
        Assert.Equal(["go_time", "idx_target"], TrialEvents.Names(recording.Trials, 0.05), StringComparer.Ordinal);
        Assert.Equal([.. cues.Select((cue, k) => k == 3 ? -1 : cue)], TrialEvents.Bins(recording.Trials, 0.05, "go_time").Select(bins => bins.Count == 0 ? -1 : bins[0]));
        Assert.Equal([.. cues.Select(cue => cue - 20)], TrialEvents.Bins(recording.Trials, 0.05, "idx_target").Select(bins => bins[0]));
        Assert.Equal("contrast", Conditions.Of(recording.Trials)!.Name);

        var source = Made.Source(Made.Found(recording, inputs: 1, change: (k, one) => one with { Inputs = Made.Table(100, 1, (t, _) => t == cues[k] + 3 ? 6 : t < 99 ? 1 : 0) }));
        var all = new EventPanels().Make(source, PanelRequest.Usual);
        Sound.Check(all);
        Assert.Equal(["Input power around go_time", "Input power around idx_target"], all.Panels.Select(panel => panel.Title), StringComparer.Ordinal);
        Assert.Contains("averaged over 7 events: the bins in which 'go_time' lies", all.Panels[0].Caption, StringComparison.Ordinal);
        Assert.Contains("0.15 s after the event", all.Panels[0].Description, StringComparison.Ordinal);
        Assert.Contains("averaged over 8 events", all.Panels[1].Caption, StringComparison.Ordinal);

        // 23 bins after what comes 20 bins before the cue lie beyond one second: the highest bin of the window is any.
        var one = One(new EventPanels().Make(source, new PanelRequest { Event = "idx_target" }));
        Assert.Equal(all.Panels[1].Description, one.Description);
        Assert.All(one.Mark<LineMark>().Y, power => Assert.Equal(0.25, power, 1e-9));
        string Refused(string name, string? group = null) => Assert.Throws<InputException>(() => new EventPanels().Make(source, new PanelRequest { Event = name, Group = group })).Message;
        Assert.Contains("there is no event 'go_tim'; did you mean 'go_time'?", Refused("go_tim"), StringComparison.Ordinal);
        Assert.Contains("'reward_time' lies within none of the trials; times are on the clock of 'first_bin_time'", Refused("reward_time"), StringComparison.Ordinal);
        Assert.Contains("'idx_late' lies within none", Refused("idx_late"), StringComparison.Ordinal);
        Assert.Contains("leave one of them out", Refused("go_time", "spikes"), StringComparison.Ordinal);

        // Where trials lie in the file is no condition.
        Assert.Null(Conditions.Of([.. recording.Trials.Select((trial, k) => trial with { Labels = new Dictionary<string, TrialLabel>(StringComparer.Ordinal) { ["first_bin_number"] = new(k % 2), ["idx_go"] = new(k % 2) } })]));

        // Where each trial has a clock of its own, a small number may be anything; what is asked for is taken.
        var own = recording with { Trials = [.. recording.Trials.Select(trial => trial with { Labels = new Dictionary<string, TrialLabel>(StringComparer.Ordinal) { ["first_bin_time"] = new(0), ["contrast"] = new(1), ["go_time"] = new(2) } })] };
        Assert.Empty(TrialEvents.Names(own.Trials, 0.05));
        Assert.All(TrialEvents.Bins(own.Trials, 0.05, "go_time"), bins => Assert.Equal([40], bins));
        Assert.Contains("no times noted of trials", new EventPanels().Make(Made.Source(Made.Found(own, inputs: 1)), PanelRequest.Usual).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Random_times_keep_the_events_of_a_trial_together_and_are_a_function_of_the_seed()
    {
        double[] power = [.. Enumerable.Range(0, 50).Select(t => t == 20 ? 10.0 : 0)];
        var first = EventPanels.Around([power], [[20]], 2, 2, 3);
        Assert.Equal([0, 0, 10, 0, 0], first.Mean);
        Assert.Equal(first.High, EventPanels.Around([power], [[20]], 2, 2, 3).High);

        // A random time meets the one high bin within two bins in about five of fifty draws.
        Assert.InRange(first.Chance, 0.06, 0.15);
        Assert.Equal([0, 0, 0, 0, 0], first.Low);

        // Events at the border are averaged over what there is.
        Assert.Equal([double.NaN, double.NaN, 1, 2], EventPanels.Around([[1, 2, 3]], [[0]], 2, 1, 1).Mean);
        Assert.Equal([2, 3, double.NaN], EventPanels.Around([[1, 2, 3]], [[2]], 1, 1, 1).Mean);
    }

    [Fact]
    public void Eigenvalues_have_their_time_constants_and_frequencies()
    {
        var recording = Made.Recording(0.02, [Spikes], Made.Trial("x", 5, Made.Counts(5, 2, (_, _) => 1)));
        var (c, s) = (0.9 * Math.Cos(0.3), 0.9 * Math.Sin(0.3));
        var found = Made.Found(recording, states: 3);
        var panel = One(new EigenvaluePanels().Make(Made.Source(found with { Learned = found.Learned with { DynamicsKind = "linear", Transition = [c, -s, 0, s, c, 0, 0, 0, 0.5] } }), PanelRequest.Usual));
        Sound.Check(panel);
        var points = panel.Mark<PointMark>("learned");
        Assert.Equal([c, c, 0.5], points.X, (x, y) => Math.Abs(x - y) < 1e-9);
        Assert.Equal([s, -s, 0], points.Y, (x, y) => Math.Abs(x - y) < 1e-9);
        Assert.Equal($"decays by e in {Words.Of(-0.02 / Math.Log(0.9))} s, turns at {Words.Of(0.3 / (2 * Math.PI * 0.02))} Hz", points.Labels![0]);
        Assert.Equal($"decays by e in {Words.Of(-0.02 / Math.Log(0.5))} s", points.Labels[2]);
        Assert.Contains("1 pair turns, at 2.39 Hz", panel.Description, StringComparison.Ordinal);
        Assert.Contains("not linear", new EigenvaluePanels().Make(Made.Source(found), PanelRequest.Usual).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Coverage_and_places_are_those_of_known_scores()
    {
        var coverage = new IntervalCoverage();
        foreach (var score in (double[])[-3, -0.1, 0.1, 0.5, 1, 1.7, 3, double.PositiveInfinity])
        {
            coverage.AddScore(score);
        }

        var recording = Made.Recording(0.02, [Spikes, Velocity], Made.Trial("x", 5, Made.Counts(5, 2, (_, _) => 1), Made.Values(5, 2, (_, _) => 0)));
        var found = Made.Found(recording, hidden: ["velocity"]) with
        {
            Coverage = [new ChannelCoverage(new Dictionary<CoverageKey, IntervalCoverage> { [new CoverageKey("velocity", Runs.Files.EntryCase.Hidden, IntervalSource.Laplace)] = coverage })],
        };
        var result = new CalibrationPanels().Make(Made.Source(found), PanelRequest.Usual);
        Sound.Check(result);

        // Within .674, 1.645 and 1.96 deviations: three, four and five of eight.
        Assert.Contains("intervals of 50 %, 90 % and 95 % hold 37.5 %, 50 % and 62.5 % of 8 entries", result.Panels[0].Description, StringComparison.Ordinal);
        var curve = result.Panels[0].Mark<LineMark>("velocity, hidden");
        Assert.Equal(11, curve.X.Count);
        Assert.Equal((0, 0), (curve.X[0], curve.Y[0]));
        Assert.Equal((1, 1), (curve.X[10], curve.Y[10]));
        Assert.Equal(0.5, curve.X[5], 1e-12);

        // The middle half: -.1, .1 and .5 deviations.
        Assert.Equal(3.0 / 8, curve.Y[5], 1e-12);
        var bars = result.Panels[1].Mark<BarMark>();
        Assert.Equal(20, bars.Height.Count);
        Assert.Equal(1.0 / 8 * 20, bars.Height[0], 1e-12);

        // 95 % of a Gaussian is below 1.645.
        Assert.Equal(3.0 / 8 * 20, bars.Height[19], 1e-12);
        Assert.Contains("12.5 % in the lowest twentieth and 37.5 % in the highest", result.Panels[1].Description, StringComparison.Ordinal);
    }

    [Fact]
    public void The_prior_is_a_density_and_bars_are_too()
    {
        var recording = Made.Recording(0.02, [Spikes], Made.Trial("x", 402, Made.Counts(402, 2, (_, _) => 1)));
        var found = Made.Found(recording, inputs: 1, change: (_, one) => one with { Inputs = Made.Table(402, 1, (t, _) => t < 401 ? ((t % 4) - 1.5) * 2 : 0) });
        var panel = One(new PriorPanels().Make(Made.Source(found), PanelRequest.Usual));
        Sound.Check(panel);
        var (bars, line) = (panel.Mark<BarMark>(), panel.Mark<LineMark>());
        Assert.Equal(1, bars.Height.Sum() * bars.Width, 1e-9);

        // Student, 5 degrees of freedom: 8 / (3 pi sqrt(5)) at zero; all but .0103 of it is within four scales.
        Assert.Equal(8 / (3 * Math.PI * Math.Sqrt(5)), line.Y[line.X.ToList().FindIndex(x => Math.Abs(x) < 1e-9)], 1e-9);
        Assert.Equal(1 - 0.01032, line.Y.Sum() * bars.Width, 1e-3);
        var known = Enumerable.Range(0, 401).Select(t => (t % 4) - 1.5).ToArray();
        Assert.Contains($"root of their mean square at {Words.Of(Math.Sqrt(known.Average(x => x * x)))} scales", panel.Description, StringComparison.Ordinal);
        Assert.Contains("degrees of freedom of the prior 5", panel.Caption, StringComparison.Ordinal);
        var gaussian = PriorPanels.Density(Made.Source(found with { Learned = found.Learned with { PriorKind = "gaussian", PriorShape = [] } }))!;
        Assert.Equal(MathNet.Numerics.Distributions.Normal.PDF(0, 1, 1.2), gaussian(1.2), 1e-12);
    }

    [Fact]
    public void Innovations_of_inputs_that_go_on_are_compared_with_the_prior()
    {
        var recording = Made.Recording(0.02, [Spikes], Made.Trial("x", 6, Made.Counts(6, 2, (_, _) => 1)));

        // u = 1, 2.5, 3.25, 3.625, 3.8125 goes on by a half and 2 new in each step: an innovation of one scale.
        double[] inputs = [1, 2.5, 3.25, 3.625, 3.8125, 0];
        var found = Made.Found(recording, inputs: 1, change: (_, one) => one with { Inputs = Made.Table(6, 1, (t, _) => inputs[t]) });
        var panel = One(new PriorPanels().Make(Made.Source(found with { Learned = found.Learned with { Coefficients = [0.5] } }), PanelRequest.Usual));
        Assert.Equal(1, panel.Mark<BarMark>().Height.Count(height => height > 0));
        Assert.Contains("root of their mean square at 1 scales", panel.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Solver_points_tell_trials_by_how_they_ended()
    {
        var recording = Made.Recording(0.02, [Spikes], [.. Enumerable.Range(0, 3).Select(k => Made.Trial($"t{k}", 5, Made.Counts(5, 2, (_, _) => 1)))]);
        var found = Made.Found(recording, change: (k, one) => one with { Map = one.Map with { Status = k == 1 ? Control.SolverStatus.MaximumIterations : one.Map.Status } });
        var panel = One(new SolverPanels().Make(Made.Source(found), PanelRequest.Usual));
        Sound.Check(panel);
        Assert.Equal([0.0, 2.0], panel.Mark<PointMark>("converged").X);
        Assert.Equal([4.0, 6.0], panel.Mark<PointMark>("converged").Y);
        Assert.Equal([5.0], panel.Mark<PointMark>("limit of iterations").Y);
        Assert.Equal("2 of 3 trials converged; 5 iterations on average, most (6) in t2. Not converged: t1 (limit of iterations).", panel.Description);
    }

    [Fact]
    public void Mean_rates_count_observed_bins_alone_and_name_silent_neurons()
    {
        bool[] observed = [.. Enumerable.Range(0, 40).Select(i => i < 20)];
        var recording = Made.Recording(0.1, [Spikes], Made.Trial("x", 20, Made.Counts(20, 2, (t, c) => c == 0 && t < 5 ? 1 : 0, observed)), Made.Trial("y", 10, Made.Counts(10, 2, (_, _) => 0)));
        var panel = One(new FiringPanels().Make(new RecordingSource(recording, "made.h5"), PanelRequest.Usual));
        Sound.Check(panel);

        // a: five spikes in 10 + 10 bins of .1 s.
        Assert.Equal([2.5, 0], FiringPanels.Rates(recording, 0));
        var bars = panel.Mark<BarMark>();
        Assert.Equal(2, bars.Height.Sum());
        Assert.Equal((1, 1), (bars.Height[0], bars.Height[^1]));
        Assert.Contains("1 neuron of 2 fires below 0.5 Hz, too little to learn from or to score by: b.", panel.Caption, StringComparison.Ordinal);
    }

    [Fact]
    public void Autocorrelation_of_an_alternating_count_alternates()
    {
        var recording = Made.Recording(0.1, [Spikes], Made.Trial("x", 60, Made.Counts(60, 2, (t, _) => t % 2)), Made.Trial("y", 40, Made.Counts(40, 2, (t, _) => t % 2)));
        var panel = One(new AutocorrelationPanels().Make(new RecordingSource(recording, "made.h5"), PanelRequest.Usual));
        Sound.Check(panel);
        var line = panel.Mark<LineMark>();
        Assert.Equal(10, line.X.Count);
        Assert.Equal([0.1, 0.2], line.X.Take(2), (x, y) => Math.Abs(x - y) < 1e-12);
        Assert.Equal([-1, 1, -1], line.Y.Take(3), (x, y) => Math.Abs(x - y) < 1e-9);

        // Against the definition, with a missing bin: pairs of neighbours that were both observed.
        double[] counts = [0, 1, 3, 2, 0, 5];
        bool[] observed = [true, true, true, false, true, true];
        double[] known = [0, 1, 3, 0, 5];
        var (mean, variance) = (known.Average(), known.Average(x => (x - 1.8) * (x - 1.8)));
        var expected = (((0 - mean) * (1 - mean)) + ((1 - mean) * (3 - mean)) + ((0 - mean) * (5 - mean))) / 3 / variance;
        Assert.Equal(expected, AutocorrelationPanels.Of([Made.Counts(6, 1, (t, _) => counts[t], observed)], 0, 2)[0], 1e-12);
    }

    [Fact]
    public void The_spectrum_of_a_sine_is_at_its_frequency_and_integrates_to_its_variance()
    {
        var recording = Made.Recording(0.05, [Velocity], Made.Trial("x", 400, Made.Values(400, 2, (t, c) => c == 0 ? 3 * Math.Sin(2 * Math.PI * 2 * t * 0.05) : 0)));
        var panel = One(new SpectrumPanels().Make(new RecordingSource(recording, "made.h5"), PanelRequest.Usual));
        Sound.Check(panel);
        var line = panel.Mark<LineMark>();
        var peak = Enumerable.Range(0, line.Y.Count).MaxBy(k => double.IsFinite(line.Y[k]) ? line.Y[k] : 0);
        Assert.Equal(2, line.X[peak], 1e-9);
        Assert.Equal(10, line.X[^1], 1e-9);
        Assert.Equal(4.5, line.Y.Where(double.IsFinite).Sum() * line.X[0], 0.05);
        Assert.Contains("velocity 1 does not vary", panel.Description, StringComparison.Ordinal);
        Assert.Equal("(m/s)²/Hz", panel.Y.Unit);
    }

    [Fact]
    public void Thinned_lines_keep_the_least_and_the_largest_value_of_every_column()
    {
        double[] x = [.. Enumerable.Range(0, 50_000).Select(t => (double)t)];
        double[] y = [.. x.Select(t => t == 31_234 ? 99 : t == 12_321 ? -99 : Math.Sin(t))];
        y[7] = double.NaN;
        var (left, right) = Lines.Thin(x, y);
        Assert.InRange(left.Length, 600, Lines.MostPoints);
        Assert.Contains((31_234, 99), left.Zip(right));
        Assert.Contains((12_321, -99), left.Zip(right));
        Assert.Equal(left.Order(), left);
        Assert.DoesNotContain(right, double.IsNaN);
        var (short1, short2) = Lines.Thin(x[..2000], y[..2000]);
        Assert.Equal((2000, 2000), (short1.Length, short2.Length));
        var band = Lines.ThinBand(x, y, [.. y.Select(value => value + 1)]);
        Assert.Equal(100, band.High.Max());
        Assert.Equal(-99, band.Low.Min());
    }
}
