namespace IlqrVae.Data;

/// <summary>One variable of a MATLAB file; the fields of structures and the entries of cells are variables of their own.</summary>
public sealed class MatVariable
{
    private readonly string file;
    private readonly Func<double[]> convert;
    private readonly string? fault;
    private double[]? values;

    internal MatVariable(
        string file, string name, IReadOnlyList<int> shape, string className, Func<double[]> convert, string? fault = null, string? subscripted = null)
    {
        this.file = file;
        this.convert = convert;
        this.fault = fault;
        Name = name;
        Shape = shape;
        ClassName = className;
        Subscripted = subscripted ?? name;
    }

    /// <summary>
    /// Name of the variable: "spikes"; "session.rate" for a field of a structure, "session(2).rate" in an array of structures and "trials{3}" for an entry
    /// of a cell array, counted from 1 down the columns as MATLAB does.
    /// </summary>
    public string Name { get; }

    /// <summary>The name with a subscript for each axis, as MATLAB users may write it: "session(2,1).rate".</summary>
    internal string Subscripted { get; }

    /// <summary>Lengths of the axes, at least two.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>MATLAB's name of the class: double, single, int8 to uint64, logical, char, or one that is not read (function_handle, ...).</summary>
    public string ClassName { get; }

    /// <summary>Whether the values can be read: complex and object variables are listed but not read.</summary>
    public bool IsReadable => fault is null;

    /// <summary>The values in column-major order (the first axis varies fastest); for text the codes of its characters. Converted at the first use.</summary>
    /// <exception cref="InputException">The variable is of a kind that is not read.</exception>
    public double[] Values => values ??= fault is null ? convert() : throw new InputException($"{file}: variable '{Messages.OneLine(Name)}' {fault}.");

    /// <summary>The text of a char variable of one row, else null.</summary>
    public string? Text => ClassName is "char" && fault is null && Shape.Count == 2 && Shape[0] <= 1
        ? string.Concat(Values.Select(code => (char)code))
        : null;
}
