using System.Globalization;
using System.Text;
using IlqrVae.Data.Import;
using IlqrVae.Recordings;

namespace IlqrVae.Data.Tests;

public sealed class Csv_files
{
    [Theory]
    [InlineData(",", "\n", "")]
    [InlineData(";", "\r\n", "")]
    [InlineData("\t", "\r", "\ufeff")]
    [InlineData(",", "\n", "# made on a day, by someone\n% and more\n\n")]
    public void A_row_is_a_bin_whatever_separates_cells_and_lines(string separator, string end, string front)
    {
        using var folder = new TestFolder();
        var text = new StringBuilder(front).AppendJoin(separator, "time", "\"unit 1\"", "unit_2", "vel_x", "vel_y", "note").Append(end);
        for (var bin = 0; bin < 30; bin++)
        {
            var unit = bin == 7 ? "" : $"{bin % 3}";
            var vel = bin switch { 3 => "NaN", 4 => "NA", _ => string.Create(CultureInfo.InvariantCulture, $" {bin / 8.0} ") };
            text.AppendJoin(separator, (bin * 0.02).ToString("F2", CultureInfo.InvariantCulture), unit, $"{bin % 2}", vel, "1e-1", $"\"a \"\"b\"\"{separator} c\"").Append(end);
        }

        File.WriteAllText(folder["a.csv"], text.ToString());
        var (recording, remarks) = RecordingImporters.Import(folder["a.csv"], new ImportOptions { TrainFraction = 1, Values = [new ImportedValues("vel", "vel_*", "m/s")] });
        Assert.Equal(0.02, recording.BinWidth);
        Assert.Contains(remarks, remark => remark.Contains("2 columns from 'unit 1' to 'unit_2'", StringComparison.Ordinal));
        var (counts, values) = (recording.Trials[0].Observations[0], recording.Trials[0].Observations[1]);
        Assert.Equal((30, 2, 2), (counts.Bins, counts.Channels, values.Channels));
        for (var bin = 0; bin < 30; bin++)
        {
            Assert.Equal(bin != 7, counts.IsObserved(bin, 0));
            Assert.Equal(bin == 7 ? 0 : bin % 3, counts[bin, 0]);
            Assert.Equal(bin % 2, counts[bin, 1]);
            Assert.Equal(bin is not (3 or 4), values.IsObserved(bin, 0));
            Assert.Equal(0.1, values[bin, 1]);
        }

        Assert.Equal(29 / 8.0, values[29, 0]);
    }

    [Fact]
    public void A_column_says_of_which_trial_each_bin_is()
    {
        using var folder = new TestFolder();
        var text = new StringBuilder("trial,kind,hit,ch1,ch2,who\n");
        for (var (k, bin) = (0, 0); k < 5; (k, bin) = bin == 19 + k ? (k + 1, 0) : (k, bin + 1))
        {
            text.Append(CultureInfo.InvariantCulture, $"{10 * k},{(k % 2 == 0 ? "a" : "b")},{(k > 2 ? "true" : "False")},{bin % 3},{k},\"the \"\"first\"\",\ntwice\"\n");
        }

        File.WriteAllText(folder["a.csv"], text.ToString());
        var options = new ImportOptions { BinWidth = 0.01, TrainFraction = 1, ValidationEvery = 0, Where = "kind == 'a' and trial > 0", Conditions = ["hit"] };
        var (recording, remarks) = RecordingImporters.Import(folder["a.csv"], options);
        Assert.Contains(remarks, remark => remark.Contains("'trial' is taken for the trial of each bin: 5 trials", StringComparison.Ordinal));
        Assert.Equal([22, 24], recording.Trials.Select(trial => trial.Bins));
        Assert.Equal((20.0, "a", 0.0), (recording.Trials[0].Labels["trial"].Number, recording.Trials[0].Labels["kind"].Text, recording.Trials[0].Labels["hit"].Number));
        Assert.Equal([0.0, 1], recording.Trials.Select(trial => trial.Truth["condition"][0, 0]));
        Assert.Equal((21 % 3, 2), (recording.Trials[0].Observations[0][21, 0], recording.Trials[0].Observations[0][21, 1]));
        Assert.False(recording.Trials[0].Labels.ContainsKey("ch1"));
        Assert.Equal("the \"first\",\ntwice", recording.Trials[0].Labels["who"].Text);
        Assert.Equal(7, recording.Trials[0].Labels.Count);

        File.AppendAllText(folder["a.csv"], "0,a,False,1,0,x\n");
        Faults.Message(() => RecordingImporters.Import(folder["a.csv"], options), "trial 0", "sort the rows by trial");
    }

    [Fact]
    public void A_row_is_a_spike_where_a_column_names_units()
    {
        using var folder = new TestFolder();

        // Out of order, with a trial column; the units have names.
        var text = new StringBuilder("neuron,trial,spike_time\n");
        foreach (var (unit, trial, time) in new[] { ("b", 2, 0.31), ("a", 1, 0.15), ("b", 1, 0.15), ("a", 2, 0.55), ("a", 1, 0.95), ("b", 1, -0.05), ("a", 2, 0.05) })
        {
            text.Append(CultureInfo.InvariantCulture, $"{unit},{trial},{time}\n");
        }

        File.WriteAllText(folder["a.tsv"], text.ToString());
        var (recording, _) = RecordingImporters.Import(folder["a.tsv"], new ImportOptions { BinWidth = 0.1, Window = (-0.1, 1), TrainFraction = 1 });
        Assert.Equal((2, 11), (recording.Trials.Count, recording.Trials[0].Bins));
        Assert.Equal("trial-001 trial-002", string.Join(' ', recording.Trials.Select(trial => trial.Name)));
        Assert.Equal("a: 2 10, b: 0 2, a: 1 6, b: 4", string.Join(", ", from trial in recording.Trials from unit in (int[])[0, 1] select $"{"ab"[unit]}: {string.Join(' ', Enumerable.Range(0, 11).Where(bin => trial.Observations[0][bin, unit] > 0))}"));

        File.WriteAllText(folder["b.csv"], "unit,time\n4,0.05\n2,0.15\n4,0.95\nNA,0.5\n2,0.96\n");
        Assert.Contains(RecordingImporters.Import(folder["b.csv"], new ImportOptions { BinWidth = 0.1, TrainFraction = 1 }).Remarks, remark => remark.Contains("1 spikes have no unit", StringComparison.Ordinal));
        recording = RecordingImporters.Import(folder["b.csv"], new ImportOptions { BinWidth = 0.1, TrainFraction = 1 }).Recording;
        Assert.Equal(["unit-002", "unit-004"], recording.Groups[0].ChannelNames!);
        Assert.Equal((1, 0, 2), (recording.Trials[0].Observations[0][1, 0], recording.Trials[0].Observations[0][0, 0], recording.Trials[0].Observations[0].ToTable().Values.Chunk(2).Sum(row => row[1])));
    }

    [Fact]
    public void Numbers_without_names_are_a_table_of_bins()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["a.txt"], string.Concat(Enumerable.Range(0, 12).Select(bin => string.Join(' ', Enumerable.Range(0, 20).Select(unit => $"{(bin + unit) % 3}")) + "\n")));
        var (recording, remarks) = RecordingImporters.Import(folder["a.txt"], new ImportOptions { BinWidth = 0.01, TrainFraction = 1 });
        Assert.Equal((12, 20), (recording.Trials[0].Bins, recording.Groups[0].Channels));
        Assert.Equal((3 + 4) % 3, recording.Trials[0].Observations[0][3, 4]);
        Assert.Contains(remarks, remark => remark.Contains("a row of such a file is a bin", StringComparison.Ordinal));
        Assert.Equal(20, RecordingImporters.Import(folder["a.txt"], new ImportOptions { BinWidth = 0.01, TrainFraction = 1, UnitsFirst = true }).Recording.Trials[0].Bins);
    }

    [Fact]
    public void Columns_that_are_named_are_taken_and_others_asked_for()
    {
        using var folder = new TestFolder();
        File.WriteAllText(folder["a.csv"], "time,left,right\n" + string.Concat(Enumerable.Range(0, 20).Select(bin => string.Create(CultureInfo.InvariantCulture, $"{bin * 0.01},{bin % 2},{bin % 3}\n"))));
        Faults.Message(() => RecordingImporters.Import(folder["a.csv"]), "no column is called spikes", "left, right");
        Faults.Message(() => RecordingImporters.Import(folder["a.csv"], new ImportOptions { Spikes = "lift" }), "did you mean 'left'?");
        var recording = RecordingImporters.Import(folder["a.csv"], new ImportOptions { Spikes = "left", TrainFraction = 1, Maps = [ArrayMapping.Parse("other=right")] }).Recording;
        Assert.Equal("spikes other", string.Join(' ', recording.Groups.Select(group => group.Name)));
        Assert.Equal((1, 1), (recording.Trials[0].Observations[0][1, 0], recording.Trials[0].Observations[1][1, 0]));
        Assert.Equal(ChannelKind.Values, recording.Groups[1].Kind);
    }
}
