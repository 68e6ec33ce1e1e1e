using System.Numerics;
using System.Runtime.InteropServices;
using PureHDF;

namespace IlqrVae.Data;

/// <summary>The numeric types that HDF5 and MATLAB files store.</summary>
internal enum StoredType
{
    /// <summary>Not a number: a structure, a reference and so on.</summary>
    Other,

    /// <summary>Text.</summary>
    Text,
    Int8,
    UInt8,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,

    /// <summary>Of two bytes; read as single precision.</summary>
    Half,
    Single,
    Double,
}

/// <summary>Numbers in the type they were stored in, converted where they are needed.</summary>
internal static class StoredNumbers
{
    public static StoredType TypeOf(IH5DataType type) => type.Class switch
    {
        H5DataTypeClass.FixedPoint => Whole(type.FixedPoint.IsSigned, type.Size),
        H5DataTypeClass.FloatingPoint => type.Size switch
        {
            2 => StoredType.Half,
            4 => StoredType.Single,
            8 => StoredType.Double,
            _ => StoredType.Other,
        },
        H5DataTypeClass.Enumerated when type.Enumeration.BaseType is { Class: H5DataTypeClass.FixedPoint } whole => Whole(whole.FixedPoint.IsSigned, whole.Size),
        H5DataTypeClass.String or H5DataTypeClass.VariableLength => StoredType.Text,
        _ => StoredType.Other,
    };

    public static string Describe(StoredType type) => type switch
    {
        StoredType.Text => "text",
        StoredType.Other => "data of a type that is not read",
        StoredType.Half or StoredType.Single or StoredType.Double => "real numbers",
        _ => "whole numbers",
    };

    public static bool IsNumber(StoredType type) => type > StoredType.Text;

    public static bool IsWhole(StoredType type) => IsNumber(type) && type is not (StoredType.Half or StoredType.Single or StoredType.Double);

    public static int Bytes(StoredType type) => type switch
    {
        StoredType.Int8 or StoredType.UInt8 => 1,
        StoredType.Int16 or StoredType.UInt16 or StoredType.Half => 2,
        StoredType.Int32 or StoredType.UInt32 or StoredType.Single => 4,
        _ => 8,
    };

    /// <summary>Copies a run of stored numbers into another type; overflow throws.</summary>
    public static void Copy<T>(Array stored, int first, Span<T> destination)
        where T : unmanaged, INumberBase<T>
    {
        // By type code and not by pattern: the runtime lets a byte[] pass for an sbyte[].
        switch (Type.GetTypeCode(stored.GetType().GetElementType()))
        {
            case TypeCode.SByte: Convert<sbyte, T>((sbyte[])stored, first, destination); break;
            case TypeCode.Byte: Convert<byte, T>((byte[])stored, first, destination); break;
            case TypeCode.Int16: Convert<short, T>((short[])stored, first, destination); break;
            case TypeCode.UInt16: Convert<ushort, T>((ushort[])stored, first, destination); break;
            case TypeCode.Int32: Convert<int, T>((int[])stored, first, destination); break;
            case TypeCode.UInt32: Convert<uint, T>((uint[])stored, first, destination); break;
            case TypeCode.Int64: Convert<long, T>((long[])stored, first, destination); break;
            case TypeCode.UInt64: Convert<ulong, T>((ulong[])stored, first, destination); break;
            case TypeCode.Single: Convert<float, T>((float[])stored, first, destination); break;
            case TypeCode.Double: Convert<double, T>((double[])stored, first, destination); break;
            default: throw new NotSupportedException($"Numbers stored as {stored.GetType().Name} are not converted.");
        }
    }

    private static void Convert<TStored, T>(TStored[] stored, int first, Span<T> destination)
        where TStored : unmanaged, INumberBase<TStored>
        where T : unmanaged, INumberBase<T>
    {
        var from = stored.AsSpan(first, destination.Length);
        if (typeof(TStored) == typeof(T))
        {
            MemoryMarshal.Cast<TStored, T>(from).CopyTo(destination);
            return;
        }

        for (var i = 0; i < from.Length; i++)
        {
            destination[i] = T.CreateChecked(from[i]);
        }
    }

    private static StoredType Whole(bool isSigned, int bytes) => (isSigned, bytes) switch
    {
        (true, 1) => StoredType.Int8,
        (false, 1) => StoredType.UInt8,
        (true, 2) => StoredType.Int16,
        (false, 2) => StoredType.UInt16,
        (true, 4) => StoredType.Int32,
        (false, 4) => StoredType.UInt32,
        (true, 8) => StoredType.Int64,
        (false, 8) => StoredType.UInt64,
        _ => StoredType.Other,
    };
}
