using IlqrVae.Evaluation;
using IlqrVae.Recordings;
using IlqrVae.Runs.Scores;
using IlqrVae.Runs.Sessions;
using ScottPlot;
using SkiaSharp;

namespace IlqrVae.Cli.Reports;

/// <summary>Figures as PNG files. Text is set in a font that comes with the program, since bare machines have none.</summary>
internal static class Figures
{
    private const string FontName = "DejaVu Sans";
    private const int Scale = 2;

    /// <summary>Spikes of later bins are left out: each is a line of its own, and no eye tells so many apart.</summary>
    private const int MostRasterBins = 2000;

    private static readonly Color Truth = Color.FromHex("#222222");
    private static readonly Color Found = Color.FromHex("#D55E00");
    private static readonly Color Second = Color.FromHex("#0072B2");
    private static readonly Color Grid = Color.FromHex("#E6E6E6");
    private static readonly Color[] Palette = [.. new[] { "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00" }.Select(hex => Color.FromHex(hex))];

    private static readonly Lazy<bool> Font = new(InstallFont);

    /// <summary>The files that <see cref="Write"/> may write.</summary>
    public static IReadOnlyList<string> Names { get; } = ["loss.png", "trial.png", "found.png", "onsets.png"];

    /// <summary>Draws the loss, an example trial and what was found.</summary>
    /// <param name="folder">Where to put the files.</param>
    /// <param name="history">Columns of the training history; null where there is none, and no learning curve then.</param>
    /// <param name="found">What was found.</param>
    /// <param name="title">What the data are.</param>
    /// <param name="onsets">Inputs around onsets of movement; null where they were not asked for.</param>
    /// <returns>The files written.</returns>
    public static IReadOnlyList<string> Write(string folder, IReadOnlyDictionary<string, double[]>? history, InferenceResult found, string title, OnsetPart? onsets = null)
    {
        _ = Font.Value;
        var files = new List<string>();
        if (history is not null)
        {
            files.Add(Save(Path.Combine(folder, "loss.png"), [[Loss(history)]], 640, 400));
        }

        var trial = Example(found);
        files.Add(Save(Path.Combine(folder, "trial.png"), [[Channels(found, trial)], [States(found, trial)], [Inputs(found, trial)]], 800, 900));
        files.Add(Save(Path.Combine(folder, "found.png"), Overview(found, trial, title), 1100, 760));
        if (onsets is { Speed.Count: > 0 })
        {
            files.Add(Save(Path.Combine(folder, "onsets.png"), Onsets(onsets), 1100, 380));
        }

        return files;
    }

    private static bool InstallFont()
    {
        using var resource = typeof(Figures).Assembly.GetManifestResourceStream("DejaVuSans.ttf")
            ?? throw new InvalidOperationException("The font is not in the program.");
        var data = SKData.Create(resource);
        Fonts.FontResolvers.Insert(0, new EmbeddedFont(SKTypeface.FromData(data)));
        Fonts.Default = FontName;
        return true;
    }

    private static Plot Loss(IReadOnlyDictionary<string, double[]> history)
    {
        var plot = NewPlot("iteration", "score (nats per observed entry)");
        var iterations = history["iteration"];
        var loss = history["loss"];
        AddLine(plot, [.. iterations.Where((_, i) => double.IsFinite(loss[i]))], [.. loss.Where(double.IsFinite).Select(value => -value)], Second.WithAlpha(0.6), "batches", 1);
        var validation = history["validation_loss"];
        AddLine(
            plot, [.. iterations.Where((_, i) => double.IsFinite(validation[i]))], [.. validation.Where(double.IsFinite).Select(value => -value)], Found, "validation trials", 2);

        // The first few iterations fall far below the rest and would squeeze it.
        var settled = loss.Skip(loss.Length / 20).Concat(validation).Where(double.IsFinite).Select(value => -value).ToList();
        if (settled.Count > 1 && settled.Max() > settled.Min())
        {
            var margin = 0.08 * (settled.Max() - settled.Min());
            plot.Axes.SetLimitsY(settled.Min() - margin, settled.Max() + margin);
        }

        plot.ShowLegend(Alignment.LowerRight);
        return plot;
    }

    /// <summary>The trial whose last bins are many and whose inference went well.</summary>
    private static int Example(InferenceResult found)
        => Enumerable.Range(0, found.Trials.Count).OrderByDescending(i => found.Trials[i].Bins).ThenBy(i => i).First();

    private static Plot Channels(InferenceResult found, int trial)
    {
        var isRate = found.Description.IsRate(0);
        var unit = isRate ? "Hz" : found.Description.Groups[0].Unit;
        var plot = NewPlot("", $"{found.Description.Groups[0].Name}{(unit.Length > 0 ? $" ({unit})" : "")}");
        var estimate = found.Estimates[trial];
        var time = Time(found, trial);
        var (truth, observed) = (TruthTables.OfGroup(found.Description, found.Trials[trial], 0), Observed(found, trial));
        var chosen = MostModulated(estimate.Means[0], 4);
        var offset = 0.0;
        foreach (var (channel, k) in chosen.Select((channel, k) => (channel, k)))
        {
            var mean = Column(estimate.Means[0], channel, offset);
            AddBand(plot, time, mean, Column(estimate.MeanDeviations[0], channel, 0), Palette[k]);
            AddLine(plot, time, mean, Palette[k], k == 0 ? "inferred, with two deviations" : "", 2);
            if (truth is not null)
            {
                AddLine(plot, time, Column(truth, channel, offset), Truth, k == 0 ? "true" : "", 1, LinePattern.Dashed);
            }
            else if (!isRate && observed is not null)
            {
                AddLine(plot, time, Column(observed, channel, offset), Truth.WithAlpha(0.5), k == 0 ? "observed" : "", 1);
            }

            var values = Column(estimate.Means[0], channel, 0).Concat(truth is null ? [] : Column(truth, channel, 0)).ToList();
            offset += isRate ? values.Max() * 1.15 : 0;
        }

        AddLegendAbove(plot);
        return plot;
    }

    private static Plot States(InferenceResult found, int trial)
    {
        var estimate = found.Estimates[trial];
        var time = Time(found, trial);
        if (TruthTables.Complete(found.Trials[trial], "states") is { } truth && EvaluationReport.AlignStates(found) is { } map)
        {
            var plot = NewPlot("", "true states, inferred ones mapped");
            var mapped = map.Apply(estimate.States);
            for (var c = 0; c < Math.Min(3, truth.Columns); c++)
            {
                AddLine(plot, time, Column(mapped, c, 0), Palette[c], c == 0 ? "inferred" : "", 2);
                AddLine(plot, time, Column(truth, c, 0), Truth, c == 0 ? "true" : "", 1, LinePattern.Dashed);
            }

            AddLegendAbove(plot);
            return plot;
        }

        var own = NewPlot("", "states");
        foreach (var (state, k) in MostModulated(estimate.States, 6).Select((state, k) => (state, k)))
        {
            AddLine(own, time, Column(estimate.States, state, 0), Palette[k], "", 1.5f);
        }

        return own;
    }

    private static Plot Inputs(InferenceResult found, int trial)
    {
        var estimate = found.Estimates[trial];
        var steps = Math.Max(1, found.Trials[trial].Bins - 1);
        var time = Time(found, trial).Take(steps).ToArray();
        if (TruthTables.Complete(found.Trials[trial], "inputs") is { } truth && EvaluationReport.AlignInputs(found) is { } map)
        {
            var mapped = map.Apply(estimate.Inputs);
            var compared = NewPlot("time (s)", "true inputs, inferred ones mapped");
            for (var c = 0; c < Math.Min(Palette.Length, truth.Columns); c++)
            {
                AddLine(compared, time, [.. Column(mapped, c, 0).Take(steps)], Palette[c], c == 0 ? "inferred" : "", 1.8f);
                AddLine(compared, time, [.. Column(truth, c, 0).Take(steps)], Truth, c == 0 ? "true" : "", 1, LinePattern.Dashed);
            }

            AddLegendAbove(compared);
            return compared;
        }

        var plot = NewPlot("time (s)", "inputs, with one deviation");
        var columns = Math.Min(Palette.Length, estimate.Inputs.Columns);
        double[] Mean(int column) => [.. Column(estimate.Inputs, column, 0).Take(steps)];
        for (var c = 0; c < columns; c++)
        {
            AddBand(plot, time, Mean(c), [.. Column(estimate.InputDeviations, c, 0).Take(steps).Select(deviation => deviation / 2)], Palette[c], 0.3 / columns);
        }

        for (var c = 0; c < columns; c++)
        {
            AddLine(plot, time, Mean(c), Palette[c], "", 1.8f);
        }

        return plot;
    }

    /// <summary>The data, what was found of the rates and of the latent path.</summary>
    private static Plot[][] Overview(InferenceResult found, int trial, string title)
    {
        var raster = NewPlot("", found.Description.IsRate(0) ? "neuron" : "channels");
        var observed = Observed(found, trial) ?? new Table(0, 0);
        var time = Time(found, trial);
        if (found.Description.IsRate(0))
        {
            var order = Enumerable.Range(0, observed.Columns).OrderBy(channel => PeakBin(found.Estimates[trial].Means[0], channel)).ToList();
            for (var row = 0; row < order.Count; row++)
            {
                foreach (var bin in Enumerable.Range(0, Math.Min(MostRasterBins, observed.Bins)).Where(bin => observed[bin, order[row]] > 0))
                {
                    var mark = raster.Add.Line(time[bin], row + 0.1, time[bin], row + 0.9);
                    mark.Color = Truth;
                    mark.LineWidth = (float)Math.Min(3, 1 + (0.5 * (observed[bin, order[row]] - 1)));
                }
            }

            raster.Axes.SetLimits(time[0], time[Math.Min(MostRasterBins, time.Length) - 1], -0.5, order.Count + 0.5);
        }
        else
        {
            for (var c = 0; c < Math.Min(Palette.Length, observed.Columns); c++)
            {
                AddLine(raster, time, Column(observed, c, 0), Palette[c], "", 1);
            }
        }

        raster.Title($"Recorded: one trial of {Shorten(title)}", 15);
        var rates = Channels(found, trial);
        var isRate = found.Description.IsRate(0);
        rates.Title($"Inferred {(TruthTables.OfGroup(found.Description, found.Trials[trial], 0) is null ? "" : "and true ")}{(isRate ? "rates" : "channels")}", 15);

        var inputs = Inputs(found, trial);
        inputs.Title("Inferred inputs", 15);
        return [[raster, Path2d(found, trial)], [rates, inputs]];
    }

    private static Plot[][] Onsets(OnsetPart onsets)
    {
        var lags = onsets.Lags;
        Plot Panel(string title, EventAverage average)
        {
            var plot = NewPlot("time from onset (s)", "");
            plot.Title(title, 15);
            for (var c = 0; c < average.Mean.Columns; c++)
            {
                double[] mean = Column(average.Mean, c, 0);
                int[] known = [.. Enumerable.Range(0, mean.Length).Where(row => double.IsFinite(mean[row]))];
                var color = Palette[c % Palette.Length];
                AddBand(plot, [.. known.Select(row => lags[row])], [.. known.Select(row => mean[row])], [.. known.Select(row => average.StandardError[row, c])], color);
                AddLine(plot, [.. known.Select(row => lags[row])], [.. known.Select(row => mean[row])], color, "", 2);
            }

            return plot;
        }

        return [[Panel($"Speed, {onsets.Speed.Count} onsets", onsets.Speed), Panel("Input energy over its mean", onsets.Energy), Panel("Inferred inputs", onsets.Inputs)]];
    }

    /// <summary>The latent path of several trials, in the plane of the true states that vary most, or of the states that do.</summary>
    private static Plot Path2d(InferenceResult found, int trial)
    {
        var map = EvaluationReport.AlignStates(found);
        var plot = NewPlot(map is null ? "state" : "first true coordinate", map is null ? "state" : "last true coordinate");
        var first = found.Trials[trial];
        var pair = map is null ? MostModulated(found.Estimates[trial].States, 2) : [0, Math.Max(0, (first.Truth.TryGetValue("states", out var states) ? states.Columns : 1) - 1)];
        if (pair.Count < 2)
        {
            pair = [0, 0];
        }

        var label = true;
        for (var i = 0; i < Math.Min(8, found.Trials.Count); i++)
        {
            var inferred = map is null ? found.Estimates[i].States : map.Apply(found.Estimates[i].States);
            AddLine(plot, Column(inferred, pair[0], 0), Column(inferred, pair[1], 0), Found, label ? "inferred" : "", 1.8f);
            if (map is not null && TruthTables.Complete(found.Trials[i], "states") is { } truth)
            {
                AddLine(plot, Column(truth, pair[0], 0), Column(truth, pair[1], 0), Truth, label ? "true" : "", 1, LinePattern.Dashed);
            }

            label = false;
        }

        plot.Title("Latent paths", 15);
        AddLegendAbove(plot);
        return plot;
    }

    private static string Shorten(string title) => title.Contains(" seen", StringComparison.Ordinal) ? title[..title.IndexOf(" seen", StringComparison.Ordinal)].TrimEnd(',') : title;

    private static Plot NewPlot(string x, string y)
    {
        var plot = new Plot();
        plot.Font.Set(FontName);
        plot.Axes.Bottom.Label.Text = x;
        plot.Axes.Left.Label.Text = y;
        foreach (var label in new[] { plot.Axes.Bottom.Label, plot.Axes.Left.Label })
        {
            label.FontName = FontName;
            label.FontSize = 13;
            label.Bold = false;
        }

        plot.Axes.Right.FrameLineStyle.Width = 0;
        plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Grid.MajorLineColor = Grid;
        plot.Axes.Margins(0.02, 0.08);
        plot.Axes.Left.MinimumSize = 60;
        plot.Axes.Title.Label.Bold = false;
        plot.Legend.OutlineWidth = 0;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.BackgroundColor = Colors.White.WithAlpha(0.75);
        plot.Legend.FontSize = 11;
        return plot;
    }

    /// <summary>A legend in the headroom above the curves.</summary>
    private static void AddLegendAbove(Plot plot)
    {
        plot.Axes.AutoScale();
        var limits = plot.Axes.GetLimits();
        plot.Axes.SetLimitsY(limits.Bottom, limits.Top + (0.12 * (limits.Top - limits.Bottom)));
        plot.ShowLegend(Alignment.UpperRight, Orientation.Horizontal);
    }

    private static void AddLine(Plot plot, double[] x, double[] y, Color color, string label, float width, LinePattern? pattern = null)
    {
        if (x.Length == 0)
        {
            return;
        }

        var line = plot.Add.ScatterLine(x, y, color);
        line.LineWidth = width;
        line.LinePattern = pattern ?? LinePattern.Solid;
        line.LegendText = label;
        if (x.Length == 1)
        {
            line.MarkerSize = 6;
        }
    }

    private static void AddBand(Plot plot, double[] x, double[] y, double[] deviation, Color color, double opacity = 0.2)
    {
        if (x.Length < 2 || !Array.TrueForAll(deviation, double.IsFinite))
        {
            return;
        }

        var band = plot.Add.FillY(x, [.. y.Zip(deviation, (mean, one) => mean - (2 * one))], [.. y.Zip(deviation, (mean, one) => mean + (2 * one))]);
        band.FillColor = color.WithAlpha(opacity);
        band.LineWidth = 0;
    }

    private static double[] Time(InferenceResult found, int trial)
        => [.. Enumerable.Range(0, found.Trials[trial].Bins).Select(bin => bin * found.Description.BinWidth)];

    private static double[] Column(Table table, int column, double offset) => [.. Enumerable.Range(0, table.Bins).Select(bin => table[bin, column] + offset)];

    /// <summary>What was recorded of the model's first group; null where the recording lacks it.</summary>
    private static Table? Observed(InferenceResult found, int trial)
        => found.Recording.IndexOfGroup(found.Description.Groups[0].Name) is >= 0 and var g ? found.Trials[trial].Observations[g].ToTable() : null;

    private static int PeakBin(Table table, int column) => Enumerable.Range(0, table.Bins).MaxBy(bin => table[bin, column]);

    private static List<int> MostModulated(Table table, int count)
        => [.. Enumerable.Range(0, table.Columns).OrderByDescending(column => Spread(Column(table, column, 0))).Take(count)];

    private static double Spread(double[] values)
    {
        var mean = values.Average();
        return values.Sum(value => (value - mean) * (value - mean));
    }

    private static string Save(string path, Plot[][] rows, int width, int height)
    {
        using var surface = SKSurface.Create(new SKImageInfo(width * Scale, height * Scale));
        surface.Canvas.Clear(SKColors.White);
        var rowHeight = (float)height / rows.Length;
        for (var i = 0; i < rows.Length; i++)
        {
            var columnWidth = (float)width / rows[i].Length;
            for (var j = 0; j < rows[i].Length; j++)
            {
                // Each on a surface of its own: a plot clears the whole canvas it is drawn on.
                using var panel = SKSurface.Create(new SKImageInfo((int)columnWidth * Scale, (int)rowHeight * Scale));
                panel.Canvas.Scale(Scale);
                rows[i][j].Render(panel.Canvas, new PixelRect(0, (int)columnWidth, (int)rowHeight, 0));
                using var drawn = panel.Snapshot();
                surface.Canvas.DrawImage(drawn, j * columnWidth * Scale, i * rowHeight * Scale);
            }
        }

        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        Data.AtomicFile.Write(path, stream => data.SaveTo(stream));
        return path;
    }

    private sealed class EmbeddedFont(SKTypeface typeface) : IFontResolver
    {
        public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => typeface;

        public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => typeface;
    }
}
