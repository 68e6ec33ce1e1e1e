using System.Numerics;

namespace IlqrVae.Models.Parameters;

/// <summary>The parameters of a model, readable by name and flattened into one vector of raw numbers for an optimiser.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class ParameterSet<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Dictionary<string, Parameter<T>> _byName;
    private readonly double[] _scratch;

    /// <summary>Collects parameters; each belongs to one set.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <exception cref="ArgumentException">Two have the same name.</exception>
    public ParameterSet(IEnumerable<Parameter<T>> parameters)
    {
        All = [.. parameters];
        _byName = All.ToDictionary(parameter => parameter.Name, StringComparer.Ordinal);
        for (var i = 0; i < All.Count; i++)
        {
            All[i].Index = i;
            All[i].RawOffset = RawCount;
            RawCount += All[i].Raw.Length;
        }

        _scratch = new double[All.Count == 0 ? 0 : All.Max(parameter => parameter.Rows * parameter.Columns)];
    }

    /// <summary>The parameters, in order.</summary>
    public IReadOnlyList<Parameter<T>> All { get; }

    /// <summary>Length of the flattened vector.</summary>
    public int RawCount { get; }

    /// <summary>A parameter by name.</summary>
    /// <param name="name">The name.</param>
    /// <exception cref="KeyNotFoundException">There is none of this name.</exception>
    public Parameter<T> this[string name] => _byName[name];

    /// <summary>True when there is a parameter of this name.</summary>
    /// <param name="name">The name.</param>
    public bool Contains(string name) => _byName.ContainsKey(name);

    /// <summary>Copies the raw numbers out.</summary>
    /// <param name="raw">Room for <see cref="RawCount"/> numbers.</param>
    public void CopyRawTo(Span<double> raw)
    {
        foreach (var parameter in All)
        {
            parameter.Raw.CopyTo(raw.Slice(parameter.RawOffset, parameter.Raw.Length));
        }
    }

    /// <summary>Sets the raw numbers and recomputes the values.</summary>
    /// <param name="raw"><see cref="RawCount"/> numbers.</param>
    public void SetRaw(ReadOnlySpan<double> raw)
    {
        foreach (var parameter in All)
        {
            raw.Slice(parameter.RawOffset, parameter.Raw.Length).CopyTo(parameter.Raw);
            parameter.Refresh();
        }
    }

    /// <summary>Turns a gradient with respect to the values into one with respect to the raw numbers. For one thread at a time.</summary>
    /// <param name="gradient">The gradient with respect to the values.</param>
    /// <param name="rawGradient">The result, <see cref="RawCount"/> numbers.</param>
    public void PullBack(ParameterGradient<T> gradient, Span<double> rawGradient)
    {
        foreach (var parameter in All)
        {
            var values = _scratch.AsSpan(0, parameter.Rows * parameter.Columns);
            gradient[parameter].CopyTo(values);
            parameter.Constraint.PullBack(
                parameter.Raw, parameter.ExactValue, values, parameter.Rows, parameter.Columns,
                rawGradient.Slice(parameter.RawOffset, parameter.Raw.Length));
        }
    }
}
