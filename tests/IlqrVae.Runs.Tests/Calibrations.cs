using IlqrVae.Data;
using IlqrVae.Evaluation;
using IlqrVae.Inference;
using IlqrVae.Models;
using IlqrVae.Models.Dynamics;
using IlqrVae.Models.Likelihoods;
using IlqrVae.Models.Priors;
using IlqrVae.Recordings;
using IlqrVae.Runs.Configuration;
using IlqrVae.Runs.Files;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;

namespace IlqrVae.Runs.Tests;

/// <summary>
/// Intervals of a linear-Gaussian model on recordings that were drawn from it, where the Laplace posterior is the posterior; and of the same model with noise
/// that is deliberately wrong.
/// </summary>
public sealed class Calibrations : IDisposable
{
    private const int Trials = 40;
    private const int Bins = 25;
    private static readonly HashSet<string> HiddenB = new(["b"], StringComparer.Ordinal);
    private static readonly HashSet<string> NothingHidden = new(StringComparer.Ordinal);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ilqr-vae-calibration-");

    private string Model => Path.Combine(_folder.FullName, "model.h5");

    private string Stored => Path.Combine(_folder.FullName, "calibration.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Intervals_of_the_model_that_made_the_data_hold_as_often_as_they_say()
    {
        var recording = Draw(noiseFactor: 1);
        var part = Coverage(recording, HiddenB, forecast: 5, isCalibrated: false);
        foreach (var key in (CoverageKey[])
            [new("b", EntryCase.Hidden, IntervalSource.Laplace), new("b", EntryCase.Forecast, IntervalSource.Laplace), new("a", EntryCase.Forecast, IntervalSource.Laplace), new("mean", null, IntervalSource.Laplace)])
        {
            AssertNominal(Shares(part, key));
        }

        Assert.False(part.IsCalibrated);
        Assert.DoesNotContain(part.Scores, score => score.Key.Source == IntervalSource.Calibrated);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(0.5)]
    public void Deviations_that_are_wrong_by_two_are_set_right(double factor)
    {
        var recording = Draw(factor);
        var outcome = Calibrate(recording, new CalibrationRequest { Hidden = HiddenB, ForecastBins = 5 });
        Assert.Equal(Stored, outcome.Path);
        var part = Coverage(recording, HiddenB, forecast: 5, isCalibrated: true);
        foreach (var why in (EntryCase[])[EntryCase.Hidden, EntryCase.Forecast])
        {
            // In forecasts the uncertainty of the state matters more than the noise.
            var raw = Shares(part, new CoverageKey("b", why, IntervalSource.Laplace));
            Assert.True(Math.Abs(raw[0] - 0.5) > (why == EntryCase.Hidden ? 0.1 : 0.02));
            AssertNominal(Shares(part, new CoverageKey("b", why, IntervalSource.Calibrated)));
        }

        // The wrong noise is found to be what is wrong, and each tenth of the trials confirms what the others say.
        var found = outcome.Scores.Single(score => score.Name == "b" && score.Case == EntryCase.Hidden);
        Assert.Equal(1 / factor, found.NoiseScale, 0.15);
        AssertNominal(found.Calibrated);
        AssertNominal(found.Scaled);
        Assert.All(found.Errors, error => Assert.InRange(error, 1e-4, 0.05));
    }

    [Fact]
    public void Posteriors_that_are_wrong_are_set_right_for_true_values_too_by_observations_alone()
    {
        // With a prior half as wide as that of the data, hidden values are predicted too surely.
        var recording = Draw(noiseFactor: 1, noise: 0.02, priorFactor: 0.4);
        Calibrate(recording, new CalibrationRequest { Hidden = HiddenB, UseTruth = false });
        var part = Coverage(recording, HiddenB, forecast: 0, isCalibrated: true);
        var raw = Shares(part, new CoverageKey("mean", null, IntervalSource.Laplace));
        var calibrated = Shares(part, new CoverageKey("mean", null, IntervalSource.Calibrated));
        Assert.True(raw[1] < 0.8);
        Assert.True(Math.Abs(calibrated[1] - 0.9) < 0.06);
    }

    [Fact]
    public void What_a_simulation_knows_is_used_unless_it_is_not_to_be()
    {
        var recording = Draw(noiseFactor: 1);
        var with = Calibrate(recording, new CalibrationRequest()).Situation;
        Assert.Equal(["inputs", "mean"], with.Truth.Select(truth => truth.Name).Order(StringComparer.Ordinal).ToArray());
        Assert.Contains(Coverage(recording, NothingHidden, 0, isCalibrated: true).Scores, score => score.Key is { Name: "inputs", Source: IntervalSource.Calibrated });
        var without = Calibrate(recording, new CalibrationRequest { UseTruth = false }).Situation;
        Assert.Empty(without.Truth);
        Assert.Equal(["a", "b"], without.Groups.Select(group => group.Group).ToArray());
        Assert.All(without.Groups, group => Assert.Equal(EntryCase.Missing, group.Case));
        Assert.DoesNotContain(Coverage(recording, NothingHidden, 0, isCalibrated: true).Scores, score => score.Key is { Name: "inputs", Source: IntervalSource.Calibrated });
    }

    [Fact]
    public void Every_set_of_hidden_groups_has_its_own_and_a_file_says_all_of_it()
    {
        var recording = Draw(noiseFactor: 2);
        Calibrate(recording, new CalibrationRequest());
        var hidden = Calibrate(recording, new CalibrationRequest { Hidden = HiddenB, ForecastBins = 6 }).Situation;
        var again = CalibrationFile.ReadIfAny(Stored)!;
        Assert.Equal([0, 1], again.Situations.Select(one => one.Hidden.Count));
        var read = again.Situations[1];
        Assert.Equal(hidden.Groups.Count, read.Groups.Count);
        foreach (var (one, other) in hidden.Groups.Zip(read.Groups))
        {
            Assert.Equal(one with { HalfWidths = [] }, other with { HalfWidths = [] });
            Assert.Equal(one.HalfWidths, other.HalfWidths);
        }

        Assert.Equal(hidden.Truth.Select(one => one.HalfWidths), read.Truth.Select(one => one.HalfWidths));
        Assert.Equal((Trials, "validation"), (read.Trials, read.Split));

        // Forecasts in bands of leads: 1, 2 to 3, 4 to 6.
        Assert.Equal([(1, 1), (2, 3), (4, 6)], read.Groups.Where(group => group is { Group: "a", Case: EntryCase.Forecast }).Select(group => (group.FirstLead, group.LastLead)));
        Assert.Equal(4, read.Of("a", EntryCase.Forecast, 5)!.FirstLead);
        Assert.Null(read.Of("a", EntryCase.Forecast, 7));

        // The same hidden groups once more: in place of the former.
        Calibrate(recording, new CalibrationRequest { Hidden = HiddenB });
        Assert.Equal(2, CalibrationFile.ReadIfAny(Stored)!.Situations.Count);
        Assert.DoesNotContain(CalibrationFile.ReadIfAny(Stored)!.Situations[1].Groups, group => group.Case == EntryCase.Forecast);
    }

    [Fact]
    public void A_calibration_of_other_parameters_is_left_out_with_a_word()
    {
        var recording = Draw(noiseFactor: 2);
        Calibrate(recording, new CalibrationRequest { Hidden = HiddenB });
        var (found, remarks) = Used(recording, HiddenB);
        Assert.NotNull(found);
        Assert.Empty(remarks);
        (found, remarks) = Used(recording, NothingHidden);
        Assert.Null(found);
        Assert.Contains("says nothing of nothing hidden", Assert.Single(remarks), StringComparison.Ordinal);
        Write(recording, noiseFactor: 3);
        (found, remarks) = Used(recording, HiddenB);
        Assert.Null(found);
        Assert.Contains("other parameters", Assert.Single(remarks), StringComparison.Ordinal);

        // Made anew, nothing of the former is left.
        Calibrate(recording, new CalibrationRequest());
        Assert.Empty(Assert.Single(CalibrationFile.ReadIfAny(Stored)!.Situations).Hidden);
        foreach (var text in (string[])["{", "{}", "[]", "{\"format\": \"ilqr-vae calibration\", \"version\": 2}", File.ReadAllText(Stored).Replace("\"posterior_scale\": ", "\"posterior_scale\": -", StringComparison.Ordinal)])
        {
            File.WriteAllText(Stored, text);
            Assert.Contains("ilqr-vae calibrate", Assert.Throws<InputException>(() => CalibrationFile.ReadIfAny(Stored)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_long_trial_is_calibrated_by_its_parts()
    {
        var recording = Draw(noiseFactor: 2, trials: 1, bins: 400);
        var score = Calibrate(recording, new CalibrationRequest { Hidden = HiddenB }).Scores.Single(score => score is { Name: "b", Case: EntryCase.Hidden });
        Assert.Equal(400 * 3, score.Entries);
        Assert.All(score.Errors, error => Assert.True(error > 1e-4));
    }

    [Fact]
    public void Without_trials_or_entries_a_word_is_said()
    {
        var recording = Draw(noiseFactor: 1);
        Assert.Contains("no train trials", Assert.Throws<InputException>(() => Calibrate(recording, new CalibrationRequest { Split = "train" })).Message, StringComparison.Ordinal);
        var few = recording with { Trials = [recording.Trials[0] with { Observations = [recording.Trials[0].Observations[0].SelectBins(0, 5), recording.Trials[0].Observations[1].SelectBins(0, 5)], Bins = 5, Truth = new Dictionary<string, Table>(StringComparer.Ordinal) }] };
        Assert.Contains(Calibrate(few, new CalibrationRequest { Hidden = HiddenB }).Remarks, remark => remark.Contains("too few", StringComparison.Ordinal));
        var part = Coverage(recording with { Trials = [.. recording.Trials.Select(trial => trial with { Truth = new Dictionary<string, Table>(StringComparer.Ordinal) })] }, NothingHidden, 0, false);
        Assert.Empty(part.Scores);
        Assert.Contains("--hide", part.ToRows().Single()[2], StringComparison.Ordinal);
        Assert.NotNull(part.ToJson()["nothing"]);
    }

    [Fact]
    public void Posterior_files_hold_the_noise_and_what_observations_spread_by()
    {
        var recording = Draw(noiseFactor: 2);
        Calibrate(recording, new CalibrationRequest { Hidden = HiddenB });
        foreach (var isCalibrated in (bool[])[false, true])
        {
            var found = InferenceSession.Run(Model, "data.h5", recording, new InferenceRequest
            {
                Split = "test", Hidden = HiddenB, Noise = true, Intervals = true, Calibrated = isCalibrated, Threads = 1,
            }, interrupt: TestContext.Current.CancellationToken);
            var path = Path.Combine(_folder.FullName, $"posterior-{isCalibrated}.h5");
            PosteriorFile.Write(path, found.Description, found.Trials, found.Estimates, found.Hidden, found.Calibration, found.Intervals);
            using var archive = Hdf5Archive.Open(path);
            var rows = found.Trials.Count * Bins;
            var noise = archive.ReadDoubles("channels/b/noise_deviation", 3).Values;
            Assert.All(noise, one => Assert.Equal(0.6, one, 1e-9));
            double[] Of(string table) => archive.ReadDoubles($"channels/b/{table}", rows, 3).Values;
            var (mean, deviation, predictive) = (Of("mean"), Of("deviation"), Of("predictive_deviation"));
            var (posteriorScale, noiseScale) = (archive.ReadNumber("channels/b/predictive_deviation", "posterior_scale"), archive.ReadNumber("channels/b/predictive_deviation", "noise_scale"));
            Assert.Equal(isCalibrated ? 1 : 0, archive.ReadWhole("channels/b/predictive_deviation", "calibrated"));
            Assert.Equal(isCalibrated, noiseScale != 1);
            Assert.Equal(Math.Sqrt(Math.Pow(posteriorScale * deviation[7], 2) + Math.Pow(noiseScale * 0.6, 2)), predictive[7], 1e-9);
            var levels = archive.ReadDoubles("channels/b/half_width/level", -1).Values;
            var width = archive.ReadDoubles("channels/b/half_width/deviations", levels.Length).Values[Array.IndexOf(levels, 0.9)];
            var upper = archive.ReadDoubles("channels/b/intervals/upper", 3, rows, 3).Values;
            var lower = archive.ReadDoubles("channels/b/intervals/lower", 3, rows, 3).Values;
            Assert.Equal(mean[7] + (width * predictive[7]), upper[(rows * 3) + 7], 1e-9);
            Assert.Equal(mean[7] - (width * predictive[7]), lower[(rows * 3) + 7], 1e-9);
            Assert.Equal(IntervalCoverage.Levels, archive.ReadDoubles("channels/b/intervals/level", 3).Values);
        }
    }

    private static void AssertNominal(IReadOnlyList<double> shares)
    {
        for (var level = 0; level < 3; level++)
        {
            // Entries of one trial hang together: count a trial as a few independent ones.
            var p = IntervalCoverage.Levels[level];
            var error = 4.5 * Math.Sqrt(p * (1 - p) / (10 * Trials));
            Assert.InRange(shares[level], p - error, p + error);
        }
    }

    private static IReadOnlyList<double> Shares(CoveragePart part, CoverageKey key) => part.Scores.Single(score => score.Key == key).Coverage.Shares;

    private CoveragePart Coverage(Recording recording, IReadOnlySet<string> hidden, int forecast, bool isCalibrated)
        => CoveragePart.Of(InferenceSession.Run(Model, "data.h5", recording, new InferenceRequest
        {
            Split = "test", Hidden = hidden, ForecastBins = forecast, Coverage = true, Calibrated = isCalibrated, Threads = 1,
        }))!;

    private CalibrationOutcome Calibrate(Recording recording, CalibrationRequest request) => CalibrationSession.Run(Model, "data.h5", recording, request with { Threads = 1 });

    private (SituationCalibration? Found, IReadOnlyList<string> Remarks) Used(Recording recording, IReadOnlySet<string> hidden)
    {
        var found = InferenceSession.Run(Model, "data.h5", recording, new InferenceRequest { Split = "test", Hidden = hidden, Calibrated = true, Threads = 1 });
        return (found.Calibration, found.Remarks);
    }

    /// <summary>Draws validation and test trials from a model, and writes that model with other noise in b, or with another prior.</summary>
    private Recording Draw(double noiseFactor, double noise = 0.3, double priorFactor = 1, int trials = Trials, int bins = Bins)
    {
        var description = Describe();
        var model = description.Build<double>();
        Set(model, noise, 1, 1);
        var drawn = ModelSampler.Draw(model.Generative, 2 * trials, bins, 0.02, 5);
        var recording = drawn with { Trials = [.. drawn.Trials.Select((trial, k) => trial with { Split = k < trials ? TrialSplit.Validation : TrialSplit.Test })] };
        Write(recording, noiseFactor, noise, priorFactor);
        return recording;
    }

    private void Write(Recording recording, double noiseFactor, double noise = 0.3, double priorFactor = 1)
    {
        var description = Describe();
        Assert.Equal(description.Groups.Select(group => group.Name).ToArray(), recording.Groups.Select(group => group.Name).ToArray());
        var model = description.Build<double>();
        Set(model, noise, noiseFactor, priorFactor);
        var raw = new double[model.Parameters.RawCount];
        foreach (var parameter in model.Parameters.All)
        {
            parameter.Raw.CopyTo(raw, parameter.RawOffset);
        }

        ModelFile.Write(Model, description, model, raw, new TrainingSummary(1, 1, 0, double.NaN));
    }

    private static void Set(VariationalModel<double> model, double noise, double noiseFactor, double priorFactor)
    {
        foreach (var likelihood in model.Generative.Likelihoods.Cast<GaussianLikelihood<double>>())
        {
            var deviation = noise * (likelihood.Group == "b" ? noiseFactor : 1);
            likelihood.Variance.Set([.. Enumerable.Repeat(deviation * deviation, likelihood.ChannelCount)]);
        }

        foreach (var scale in model.Parameters.All.Where(parameter => parameter.Name.EndsWith(".scale", StringComparison.Ordinal)))
        {
            scale.Set([.. scale.ExactValue.ToArray().Select(value => priorFactor * value)]);
        }

        model.Generative.Refresh();
    }

    private static ModelDescription Describe()
    {
        // Values of about unit size; parameters are at their start.
        Table Waves(int channels, int trial) => Example.Table(40, channels, (t, c) => 3 * Math.Sin((0.3 * t) + c + trial));
        var recording = new Recording
        {
            BinWidth = 0.02,
            Groups = [new ChannelGroup("a", ChannelKind.Values, 4), new ChannelGroup("b", ChannelKind.Values, 3)],
            Trials = [.. Enumerable.Range(0, 2).Select(k => new Trial { Name = $"{k}", Bins = 40, Observations = [Observations.FromValues(Waves(4, k)), Observations.FromValues(Waves(3, k))] })],
        };
        var configuration = new RunConfiguration
        {
            Data = "data.h5",
            Model = new ModelSpecification { States = 3, Inputs = 2, Dynamics = new LinearSpecification(), Prior = new GaussianPriorSpecification() },
        };
        return ModelDescription.Of(configuration.CompletedFor(recording), recording);
    }
}
