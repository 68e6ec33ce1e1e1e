using System.Numerics;

namespace IlqrVae.Models.Parameters;

/// <summary>The parameters of a model, readable by name and flattened into one vector of raw numbers for an optimiser.</summary>
/// <typeparam name="T">float or double.</typeparam>
public sealed class ParameterSet<T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    private readonly Dictionary<string, Parameter<T>> _byName;

    /// <summary>Collects parameters; from then on they belong to this set and can be in no other, whose learning would move them.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <exception cref="ArgumentException">Two have the same name, or one belongs to another set.</exception>
    public ParameterSet(IEnumerable<Parameter<T>> parameters)
    {
        All = [.. parameters];
        _byName = All.ToDictionary(parameter => parameter.Name, StringComparer.Ordinal);
        if (All.FirstOrDefault(parameter => parameter.Index >= 0) is { } shared)
        {
            throw new ArgumentException($"Parameter '{shared.Name}' belongs to another model; give each model parts of its own.", nameof(parameters));
        }

        for (var i = 0; i < All.Count; i++)
        {
            All[i].Index = i;
            All[i].RawOffset = RawCount;
            RawCount += All[i].Raw.Length;
        }

        Blocks = ParameterBlock<T>.Split(All);
    }

    /// <summary>The parameters, in order.</summary>
    public IReadOnlyList<Parameter<T>> All { get; }

    /// <summary>The parameters in shares that threads can work on at the same time, the largest first. They do not depend on the number of threads.</summary>
    internal IReadOnlyList<ParameterBlock<T>> Blocks { get; }

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
    /// <exception cref="ArgumentException">There is more or less.</exception>
    public void CopyRawTo(Span<double> raw)
    {
        CheckCount(raw.Length, nameof(raw));
        foreach (var parameter in All)
        {
            parameter.Raw.CopyTo(raw.Slice(parameter.RawOffset, parameter.Raw.Length));
        }
    }

    /// <summary>Sets the raw numbers and recomputes the values.</summary>
    /// <param name="raw"><see cref="RawCount"/> numbers.</param>
    /// <exception cref="ArgumentException">There are more or fewer.</exception>
    public void SetRaw(ReadOnlySpan<double> raw)
    {
        CheckCount(raw.Length, nameof(raw));
        foreach (var block in Blocks)
        {
            block.SetRaw(raw);
        }
    }

    /// <summary>Turns a gradient with respect to the values into one with respect to the raw numbers. For one thread at a time.</summary>
    /// <param name="gradient">The gradient with respect to the values.</param>
    /// <param name="rawGradient">The result, <see cref="RawCount"/> numbers.</param>
    /// <exception cref="ArgumentException">There is room for more or fewer, or the gradient is of another model.</exception>
    public void PullBack(ParameterGradient<T> gradient, Span<double> rawGradient)
    {
        CheckCount(rawGradient.Length, nameof(rawGradient));
        rawGradient.Clear();
        foreach (var block in Blocks)
        {
            block.PullBack(gradient, rawGradient);
        }
    }

    private void CheckCount(int length, string name)
    {
        if (length != RawCount)
        {
            throw new ArgumentException($"There are {length} numbers where the model has {RawCount}.", name);
        }
    }
}
