using System.Globalization;
using System.Numerics;
using IlqrVae.Evaluation;
using IlqrVae.Models;
using IlqrVae.Recordings;
using IlqrVae.Reports.Panels;

namespace IlqrVae.Reports.Kinds;

/// <summary>The fixed points of nonlinear dynamics among the states that inference visits, and the eigenvalues of the dynamics there.</summary>
public sealed class FixedPointPanels : RunPanelKind
{
    /// <summary>States that a search starts from.</summary>
    public const int Starts = 200;

    /// <summary>Fixed points whose eigenvalues are shown.</summary>
    private const int Shown = 6;

    /// <summary>Farther from all visited states than this share of their spread, a fixed point is one of the model alone.</summary>
    private const double FarAway = 0.5;

    private const int MostBackground = 2000;

    /// <inheritdoc/>
    public override string Name => "fixed-points";

    /// <inheritdoc/>
    public override string Help => "fixed points of nonlinear dynamics, whether they are stable, and the eigenvalues there";

    /// <inheritdoc/>
    protected override PanelResult Make(ReportSource source, PanelRequest request)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Inference.Learned.Transition is not null)
        {
            return PanelResult.None("The dynamics is linear: it rests at zero alone, and its eigenvalues, which are the same everywhere, are 'eigenvalues'.");
        }

        if (source.Principal is not { } principal)
        {
            return PanelResult.None("The inferred states do not vary, or are not finite, so there is nothing to start a search from.");
        }

        if (source.FixedPoints is not { } found)
        {
            return PanelResult.None("Fixed points are searched in the model itself, and only what was inferred is at hand.");
        }

        if (found.Points.Count == 0)
        {
            return PanelResult.None($"No fixed point was found: of {Words.Count(found.Starts, "search", "searches")} from visited states none ended at a state that stays where it is. The model needs its inputs, or drifts, turns or is chaotic there.");
        }

        var spectra = found.Points.Select(point => Spectrum.Eigenvalues(point.Transition, point.State.Count)).ToList();
        return PanelResult.Of(Places(source, principal, found, spectra), Eigenvalues(source, found, spectra));
    }

    private static bool IsStable(IReadOnlyList<Complex> spectrum) => spectrum.All(value => value.Magnitude < 1);

    private static string NameOf(int k) => string.Create(CultureInfo.InvariantCulture, $"fixed point {k + 1}");

    private static string Told(ReportSource source, FixedPoints found)
    {
        var external = source.Description.ExternalNames.Count > 0 ? " Known external inputs are zero there." : "";
        var far = found.Points.Count(point => point.Distance > FarAway);
        return $"Searched by damped Gauss-Newton steps from {Words.Count(found.Starts, "state")} that inference visits: {found.Ended} ended at a fixed point, within a relative residual of {Words.Of(FixedPoints.Tolerance)}; those nearer to each other than a hundredth of the spread of states count as one.{external}{(far > 0 ? $" {far} of {found.Points.Count} {(far == 1 ? "is" : "are")} farther than half the spread from any visited state: what the model does there was never seen." : "")}{(found.Points.Count > Shown ? $" Eigenvalues of the {Shown} reached most often are shown." : "")}{(found.Points.Count - far > 10 ? " So many points close to each other may be a line or ring of states that all but stay where they are." : "")}";
    }

    private static Panel Places(ReportSource source, Principal principal, FixedPoints found, List<IReadOnlyList<Complex>> spectra)
    {
        var shown = Math.Min(3, principal.Shares.Count);
        var states = source.Inference.Estimates.Where(estimate => Array.TrueForAll(estimate.States.Values, double.IsFinite)).Select(estimate => estimate.States).ToList();
        var every = (int)((states.Sum(table => (long)table.Bins) + MostBackground - 1) / MostBackground);
        var marks = new List<Mark>();
        double[][] Background(Table table) => [.. Enumerable.Range(0, shown).Select(k => Enumerable.Range(0, table.Bins).Where(t => t % every == 0).Select(t => principal.Along(table.Row(t), k)).ToArray())];
        var visited = states.Select(Background).ToList();
        double[] All(int k) => [.. visited.SelectMany(one => one[k])];
        marks.Add(Mark("visited in inference", PanelColor.Muted, All(0), shown > 1 ? All(1) : null, shown > 2 ? All(2) : null, PointShape.Disc, null));
        foreach (var isStable in (bool[])[false, true])
        {
            var members = Enumerable.Range(0, found.Points.Count).Where(k => IsStable(spectra[k]) == isStable).ToList();
            if (members.Count > 0)
            {
                double[] Along(int k) => [.. members.Select(i => principal.Along([.. found.Points[i].State], k))];
                marks.Add(Mark(
                    isStable ? "stable" : "unstable", isStable ? PanelColor.Found : PanelColor.Compared, Along(0), shown > 1 ? Along(1) : null, shown > 2 ? Along(2) : null,
                    isStable ? PointShape.Disc : PointShape.Circle, [.. members.Select(i => Label(source, found.Points[i], spectra[i], i))]));
            }
        }

        var stable = spectra.Count(IsStable);
        return new Panel
        {
            Kind = "fixed-points",
            Title = "Fixed points",
            Caption = $"States that the dynamics without inputs leaves where they are, in the principal components of the visited states. A stable one draws near states in; an unstable one lets them go in some direction. {Told(source, found)}",
            Description = $"{Words.Count(found.Points.Count, "fixed point")}: {stable} stable, {found.Points.Count - stable} unstable. {string.Join(" ", found.Points.Take(Shown).Select((point, k) => $"{Label(source, point, spectra[k], k)}."))}",
            X = principal.Axis(0),
            Y = shown > 1 ? principal.Axis(1) : new Axis(""),
            Z = shown > 2 ? principal.Axis(2) : null,
            Marks = marks,
            Aspect = 0.9,
        };
    }

    private static PointMark Mark(string name, PanelColor color, double[] x, double[]? y, double[]? z, PointShape shape, IReadOnlyList<string>? labels)
        => new(name, color, x, y ?? new double[x.Length]) { Z = z, Shape = shape, Labels = labels };

    private static string Label(ReportSource source, FixedPoint point, IReadOnlyList<Complex> spectrum, int k)
    {
        var unstable = spectrum.Count(value => value.Magnitude >= 1);
        return $"{NameOf(k)}: {(unstable == 0 ? "stable" : $"unstable in {Words.Count(unstable, "direction")}")}, largest modulus {Words.Of(spectrum[0].Magnitude)} ({Plane.Meaning(spectrum[0], source.BinWidth)}), reached from {Words.Count(point.Starts, "start")}, residual {Words.Of(point.Residual)}";
    }

    private static Panel Eigenvalues(ReportSource source, FixedPoints found, List<IReadOnlyList<Complex>> spectra)
    {
        var count = Math.Min(Shown, spectra.Count);
        var reach = spectra.Take(count).SelectMany(spectrum => spectrum.Select(value => value.Magnitude)).ToList();
        return new Panel
        {
            Kind = "fixed-points",
            Title = "Eigenvalues at the fixed points",
            Caption = $"How small deviations from each fixed point go on from bin to bin: the eigenvalues of the linearised dynamics. Inside the unit circle they decay, outside they grow, off the real axis they turn. {Told(source, found)}",
            Description = string.Join(" ", Enumerable.Range(0, count).Select(k => $"{Label(source, found.Points[k], spectra[k], k)}.")),
            X = Plane.Axis("real part", reach),
            Y = Plane.Axis("imaginary part", reach),
            Marks = [Plane.Circle(), .. Enumerable.Range(0, count).Select(k => Plane.Points(NameOf(k), PanelColor.Series(k), spectra[k], source.BinWidth, IsStable(spectra[k]) ? PointShape.Disc : PointShape.Cross))],
            EqualUnits = true,
            Aspect = 1,
        };
    }
}
