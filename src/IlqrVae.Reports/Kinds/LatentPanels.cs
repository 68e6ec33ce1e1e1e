using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;
using IlqrVae.Runs.Scores;

namespace IlqrVae.Reports.Kinds;

/// <summary>Latent paths along the principal components of most variance, colored by condition, by the angle of behaviour, or by time.</summary>
public sealed class LatentPanels : RunPanelKind
{
    /// <summary>More paths than that hide each other.</summary>
    private const int MostPaths = 24;

    /// <summary>Conditions beyond these have no colors that the eye tells apart.</summary>
    private const int MostSeries = 8;

    /// <summary>More entries make a legend that nobody reads.</summary>
    private const int MostNames = 12;

    /// <summary>Points of all paths together.</summary>
    private const int MostPoints = 4000;

    /// <summary>Pieces of one color along a path that is colored by time.</summary>
    private const int Pieces = 20;

    /// <inheritdoc/>
    public override string Name => "latents";

    /// <inheritdoc/>
    public override string Help => "latent paths in the principal components of most variance, colored by condition, angle or time";

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(request);
        var found = source.Inference;
        if (source.Principal is not { } principal)
        {
            return PanelResult.None("The inferred states do not vary, in any trial, or are not finite.");
        }

        int[] known = [.. Enumerable.Range(0, found.Trials.Count).Where(i => found.Trials[i].Bins > 1 && Array.TrueForAll(found.Estimates[i].States.Values, double.IsFinite))];
        if (known.Length == 0)
        {
            return PanelResult.None("No trial with finite states has two bins, so there are no paths.");
        }

        int[] trials = request.Trial is null ? Evenly(known) : [Naming.Trial(found.Trials, request.Trial)];
        List<Panel> panels = [Paths(source, principal, trials, known.Length)];
        if (EvaluationReport.AlignStates(found) is { } map && TruthTables.Of(found.Trials, "states") is { } truth && truth.Tables[0].Columns is 2 or 3)
        {
            panels.Add(Mapped(source, map, [.. trials.Where(i => TruthTables.Complete(found.Trials[i], "states") is not null).Take(8)]));
        }

        return PanelResult.Of(panels);
    }

    private static int[] Evenly(int[] known)
        => known.Length <= MostPaths ? known : [.. Enumerable.Range(0, MostPaths).Select(k => known[(int)((long)k * known.Length / MostPaths)])];

    private static Panel Paths(ReportSource source, Principal principal, int[] trials, int all)
    {
        var found = source.Inference;
        var shown = Math.Min(3, principal.Shares.Count);
        var bins = trials.Sum(i => (long)found.Trials[i].Bins);
        var every = (int)((bins + MostPoints - 1) / MostPoints);
        var (colors, by) = Colors(source, trials);
        var isNamed = colors is not null && colors.Select(one => one.Name).Distinct(StringComparer.Ordinal).Count() <= MostNames;
        var marks = new List<Mark>();
        foreach (var i in trials)
        {
            var states = found.Estimates[i].States;
            int[] at = [.. Enumerable.Range(0, states.Bins).Where(t => t % every == 0 || t == states.Bins - 1)];
            double[][] along = [.. Enumerable.Range(0, shown).Select(k => at.Select(t => principal.Along(states.Row(t), k)).ToArray())];
            var time = Lines.Time(states.Bins, source.BinWidth);
            var pieces = colors is null ? ByTime(at.Length) : (IEnumerable<(string Name, PanelColor Color, int From, int To)>)new[] { (colors[i].Name, colors[i].Color, From: 0, To: at.Length) };
            foreach (var (name, color, from, to) in pieces)
            {
                marks.Add(shown switch
                {
                    1 => new LineMark(name, color, at.Select(t => time[t]).ToArray()[from..to], along[0][from..to]),
                    2 => new LineMark(name, color, along[0][from..to], along[1][from..to]),
                    _ => new LineMark(name, color, along[0][from..to], along[1][from..to]) { Z = along[2][from..to] },
                } with { InLegend = isNamed });
            }
        }

        if (shown > 1)
        {
            double[] Starts(int k) => [.. trials.Select(i => principal.Along(found.Estimates[i].States.Row(0), k))];
            marks.Add(new PointMark("start", PanelColor.Muted, Starts(0), Starts(1)) { Z = shown > 2 ? Starts(2) : null, Labels = [.. trials.Select(i => found.Trials[i].Name)], Shape = PointShape.Circle });
        }

        return new Panel
        {
            Kind = "latents",
            Title = "Latent paths",
            Caption = $"The inferred latent states of {(trials.Length < all ? $"{trials.Length} of {Words.Count(all, "trial")}" : Words.Count(trials.Length, "trial"))}, along the principal components of most variance over all inferred trials; {by}. Circles mark where trials begin. The coordinates of a latent state are arbitrary up to a change of basis, and so is their scale.{(every > 1 ? $" Every {every}th bin is drawn." : "")}",
            Description = $"The first {Words.Count(shown, "component")} hold{(shown == 1 ? "s" : "")} {Words.Percent(principal.Shares.Take(shown).Sum())} of the variance of {Words.Count(principal.Shares.Count, "latent dimension")} ({Words.List(principal.Shares.Take(shown).Select(Words.Percent))}); {principal.Shares.Aggregate((Sum: 0.0, Count: 0), (sum, share) => sum.Sum < 0.9 ? (sum.Sum + share, sum.Count + 1) : sum).Count} are needed for 90 %.",
            X = shown == 1 ? new Axis("time", "s") : principal.Axis(0),
            Y = principal.Axis(shown == 1 ? 0 : 1),
            Z = shown > 2 ? principal.Axis(2) : null,
            Marks = marks,
            Aspect = 0.9,
        };
    }

    /// <summary>A color of every trial, by condition or by the direction in which the behaviour goes; null where time colors the paths.</summary>
    private static (IReadOnlyList<(string Name, PanelColor Color)>? OfTrial, string Words) Colors(ReportSource source, int[] trials)
    {
        var conditions = Conditions.Of(source.Trials);
        if (conditions is not null && conditions.Angles is { } angles)
        {
            return (
                [.. conditions.OfTrial.Select(k => k < 0 ? ("unknown", PanelColor.Muted) : (conditions.Names[k], PanelColor.Circle(Turn(angles[k]))))],
                $"colors go around the circle with {conditions.Name}");
        }

        if (conditions is not null && conditions.Names.Count is > 1 and <= MostSeries)
        {
            return ([.. conditions.OfTrial.Select(k => k < 0 ? ("unknown", PanelColor.Muted) : ($"{conditions.Name} {conditions.Names[k]}", PanelColor.Series(k)))], $"colors tell {conditions.Name} apart");
        }

        if (trials.Length > 1 && Directions(source) is { } directions)
        {
            return ([.. directions.OfTrial.Select((angle, i) => (source.Trials[i].Name, double.IsFinite(angle) ? PanelColor.Circle(Turn(angle)) : PanelColor.Muted))], $"colors go around the circle with the direction of the mean of '{directions.Group}' in a trial");
        }

        return (null, "colors go with time from the start to the end of each trial");
    }

    private static double Turn(double angle) => (angle / (2 * Math.PI)) - Math.Floor(angle / (2 * Math.PI));

    /// <summary>The direction of the mean of the first recorded group of two values.</summary>
    private static (string Group, double[] OfTrial)? Directions(ReportSource source)
    {
        for (var g = 0; g < source.Recording.Groups.Count; g++)
        {
            var group = source.Recording.Groups[g];
            if (group.Kind == ChannelKind.Values && group.Channels == 2 && source.Trials.Any(trial => trial.Observations[g].ObservedCount > 0))
            {
                return (group.Name, [.. source.Trials.Select(trial => Direction(trial.Observations[g]))]);
            }
        }

        return null;
    }

    private static double Direction(Observations observations)
    {
        var (x, y) = (0.0, 0.0);
        for (var t = 0; t < observations.Bins; t++)
        {
            x += observations[t, 0];
            y += observations[t, 1];
        }

        return x == 0 && y == 0 ? double.NaN : Math.Atan2(y, x);
    }

    private static IEnumerable<(string Name, PanelColor Color, int From, int To)> ByTime(int points)
    {
        var pieces = Math.Max(1, Math.Min(Pieces, points - 1));
        for (var k = 0; k < pieces; k++)
        {
            var (from, to) = ((int)((long)k * (points - 1) / pieces), (int)((long)(k + 1) * (points - 1) / pieces));
            yield return ("path", PanelColor.Scale(pieces == 1 ? 0.5 : (double)k / (pieces - 1)), from, to + 1);
        }
    }

    private static Panel Mapped(ReportSource source, Evaluation.LinearAlignment map, int[] trials)
    {
        var found = source.Inference;
        var marks = new List<Mark>();
        var columns = map.R2PerColumn.Length;
        foreach (var i in trials)
        {
            Add("inferred, mapped", PanelColor.Found, map.Apply(found.Estimates[i].States), isDashed: false);
            Add("true", PanelColor.Truth, found.Trials[i].Truth["states"], isDashed: true);
        }

        return new Panel
        {
            Kind = "latents",
            Title = "Latent paths in the coordinates of the true ones",
            Caption = $"True paths of {Words.Count(trials.Length, "trial")} (dashed) and inferred ones after the affine map that fits best over all inferred trials; fitted on the trials it is shown on, so that it flatters a little.",
            Description = $"The mapped paths hold {Words.Percent(map.VarianceCaptured)} of the variance of the true ones; R2 by coordinate {Words.List(map.R2PerColumn.Select(Words.Of))}.",
            X = new Axis("true state 0"),
            Y = new Axis("true state 1"),
            Z = columns > 2 ? new Axis("true state 2") : null,
            Marks = marks,
            Aspect = 0.9,
        };

        void Add(string name, PanelColor color, Table table, bool isDashed)
        {
            var every = Math.Max(1, (table.Bins * trials.Length * 2 + MostPoints - 1) / MostPoints);
            int[] at = [.. Enumerable.Range(0, table.Bins).Where(t => t % every == 0)];
            marks.Add(new LineMark(name, color, [.. at.Select(t => table[t, 0])], [.. at.Select(t => table[t, 1])]) { Z = columns > 2 ? [.. at.Select(t => table[t, 2])] : null, Dashed = isDashed });
        }
    }
}
